/** One promise of the product, proved by at least one test that cites its id. */
export interface Requirement {
  /** What holds, in one sentence that a test can contradict. */
  readonly behaviour: string
  /** Who asks for it: a threat (`T1`), a rule of refresh (`R1`), a clause of a specification, a page. */
  readonly source: string
}

/** Ids are cited with `verifies(id, …)`; `coverage.test.ts` fails while one of them has no test. */
export const requirements = {
  // Connecting
  'connect:path': {
    behaviour: 'A user who consents is connected, and the credential that is read works upstream.',
    source: 'connect.md, The flow',
  },
  'T1:other-user': {
    behaviour:
      'A flow that is confirmed for a user of another tenant has no effect and loses its code.',
    source: 'T1',
  },
  'T1:other-user-same-tenant': {
    behaviour:
      'A flow that is confirmed for another user of the tenant has no effect and is audited.',
    source: 'T1',
  },
  'T1:other-browser': {
    behaviour:
      'A flow that is finished in another browser has no effect, and the code that was brought there is never used.',
    source: 'T1; ASVS 10.1.2',
  },
  'T1:own-browser-still': {
    behaviour:
      "A callback without the flow's cookie does not end the flow: its own browser's callback works.",
    source: 'T1; T2',
  },
  'connect:repeat:looked-at': {
    behaviour:
      'HEAD, prefetches and programs that look at the address of a callback or a finish page change nothing.',
    source: 'RFC 9110 section 9.2.1; threats.md, Connect',
  },
  'connect:repeat:same-browser': {
    behaviour:
      'A callback or finish page that the same browser loads again is answered by how the flow stands, and never denies what was stored.',
    source: 'connect.md, The server is the truth',
  },
  'connect:repeated-parameter': {
    behaviour: 'A callback that carries a parameter more than once has no effect.',
    source: 'RFC 6749 section 3.1',
  },
  'connect:key-choice': {
    behaviour:
      'Of a provider with several keys the form lets the person choose one, without a script and with the keyboard alone, among those that the session allows; who reconnects does so with the key of before.',
    source: 'connect.md, Other ways in',
  },
  'connect:key-form': {
    behaviour:
      "A user who pastes a key into the service's form is connected as by a consent: nothing is stored before the app has confirmed who it was.",
    source: 'connect.md, Other ways in',
  },
  'connect:key-refused': {
    behaviour:
      'A key that the provider does not accept brings the form again, empty and with the reason, and the next one may be right.',
    source: 'connect.md, Other ways in',
  },
  'device:connect': {
    behaviour:
      'A code that a person types at the provider is polled for by the service; whoever approved is shown, and nothing is stored before the backend names that account.',
    source: 'connect.md, Device authorisation',
  },
  'device:sealed': {
    behaviour:
      'The code that is polled with, and the tokens that a poll brings, are stored sealed, and stand in no log.',
    source: 'connect.md, Device authorisation',
  },
  'device:interval': {
    behaviour:
      'A code is polled for once in its interval, by all processes together; slow_down adds five seconds, and a poll without an answer doubles the pause.',
    source: 'RFC 8628 section 3.5',
  },
  'device:phished': {
    behaviour:
      'A code that another person approves connects nobody without a confirmation that names the account; naming another, or nobody in time, withdraws the grant.',
    source: 'T38',
  },
  'device:ends': {
    behaviour:
      'A code that is denied, over or of a session that was ended is polled for no more, and its flow says which.',
    source: 'RFC 8628 section 3.5',
  },
  'device:crash': {
    behaviour:
      'Tokens that a poll brought are stored before anything else is done: what is interrupted goes on from there, and is stored once.',
    source: 'connect.md, Device authorisation',
  },
  'device:session': {
    behaviour:
      'A session connects by device authorisation only if its backend has said so, and a provider only where its definition has it.',
    source: 'connect.md, Device authorisation',
  },
  'e2e:device': {
    behaviour:
      'In a browser, with the keyboard alone: the popup shows the code, waits while it is approved in another tab, asks whose account it is, and closes.',
    source: 'connect.md, Device authorisation',
  },
  'device:page': {
    behaviour:
      'The page of the service shows the code and the link to the provider, then whose account it is, and goes on to the app when its person has named it.',
    source: 'connect.md, Device authorisation',
  },
  'callback:signed': {
    behaviour:
      'Where a provider signs its callbacks, one with a changed, added or missing parameter, or for another shop than the flow is for, stores nothing, and no code of it is exchanged.',
    source: 'providers.md, Signed callbacks',
  },
  'basic:characters': {
    behaviour:
      'A client secret with `-`, `~`, `%`, `+` and `:` arrives as it is, by each way in which a client names itself.',
    source: 'providers.md, Answers',
  },
  'answers:200-error': {
    behaviour:
      'A refusal in an answer of status 200 is one: a dead refresh token ends its connection, a refused client its integration alone, and a word that no rule names is no permission to act.',
    source: 'providers.md, Answers',
  },
  'answers:nested': {
    behaviour:
      'Of an answer with the tokens of a bot and of a user, those are kept that the definition points at.',
    source: 'providers.md, Answers',
  },
  'answers:separators': {
    behaviour:
      'Granted scopes are the same with blanks, commas or as a list; an empty list grants none, and silence is no list.',
    source: 'providers.md, Answers',
  },
  'answers:never': {
    behaviour: 'A life of zero, or none, is not "now": the default of the provider counts.',
    source: 'providers.md, Answers',
  },
  'answers:403-dead': {
    behaviour:
      'A 403 says that a credential is dead only where the definition names its body or its path.',
    source: 'providers.md, Answers',
  },
  'answers:401-alive': {
    behaviour: 'A 401 for a scope or a workspace, and a 403 for a right, do not end a connection.',
    source: 'providers.md, Answers',
  },
  'reach:told-host': {
    behaviour:
      'Where a provider tells where an account lives, an address that its definition does not allow ends the flow: nothing is sent there, and the grant is withdrawn.',
    source: 'providers.md, Told addresses',
  },
  'siblings:kept': {
    behaviour:
      'Where a withdrawal ends all grants of an account for an app, disconnecting one of its connections leaves the others alive, also over two tenants, and tells neither of the other; with the last one the grant is withdrawn.',
    source: 'providers.md, Withdrawal',
  },
  'T35:left-account-uses': {
    behaviour:
      'Who changes the rows that say which connections share an account can leave a grant alive, or have it withdrawn too early; no row of it leads to a token.',
    source: 'threats.md, T35',
  },
  'T35:left-device-polls': {
    behaviour:
      'Who changes the rows of polls can have a code polled for sooner, later or no more, and none that its flow does not hold.',
    source: 'threats.md, T35',
  },
  'sdk:device': {
    behaviour:
      'A backend asks for a code, waits until somebody has decided, and confirms the account, by the SDK alone.',
    source: 'sdk.md, Other calls',
  },
  'siblings:replaced': {
    behaviour:
      'Where a new consent ends the earlier grants of its account for the app, the connections of these, of whichever tenant, are probed at once and say that they are to be connected again; nobody is told of the other.',
    source: 'providers.md, Withdrawal',
  },
  'siblings:replaced-at-once': {
    behaviour:
      'Of two consents of one account that are stored at the same moment, the one whose grant the other has ended is found out at once.',
    source: 'providers.md, Withdrawal',
  },
  'siblings:reconnected': {
    behaviour:
      'A connection that is connected again keeps its new grant where withdrawing the old one would end both, also if the provider could not be reached before; another account is withdrawn.',
    source: 'providers.md, Withdrawal',
  },
  'siblings:same-key': {
    behaviour:
      'A key that two connections have is withdrawn with the last of them; another key of the same account at once.',
    source: 'providers.md, Withdrawal',
  },
  'siblings:installation': {
    behaviour: 'A withdrawal that would end the app at a customer is sent by no disconnect.',
    source: 'providers.md, Withdrawal',
  },
  'mint:kinds': {
    behaviour:
      'By an exchange, by client credentials and by a signed statement: what is typed brings an access token, which is read without what it was minted from, and each renewal brings another.',
    source: 'providers.md, Minted access tokens',
  },
  'mint:refused-seed': {
    behaviour: 'What the provider refuses to mint from is key_refused, and nothing is stored.',
    source: 'providers.md, Minted access tokens',
  },
  'mint:unusable-field': {
    behaviour:
      'A file without the private key, and a private key that is none, are refused by the name of their field before anything is sent.',
    source: 'providers.md, Minted access tokens',
  },
  'mint:suspended': {
    behaviour:
      'A connection whose account is suspended stays active, is degraded with that reason, is tried again hourly, and recovers.',
    source: 'refresh.md, Minting',
  },
  'mint:withdrawn': {
    behaviour:
      'What access tokens are minted from is refused: the token of before is served to its end, the connection ends by a second refusal, and can be connected again.',
    source: 'refresh.md, Minting',
  },
  'mint:form': {
    behaviour:
      'A file of several lines is pasted into the form of the service, and refused there by its name if it cannot be used.',
    source: 'providers.md, Minted access tokens',
  },
  'mint:sealed': {
    behaviour:
      'What access tokens are minted from stands in no answer, log, audit entry, page or row but the sealed one.',
    source: 'providers.md, Minted access tokens',
  },
  'installation:connect': {
    behaviour:
      'An administrator installs a GitHub App: the connection is the tenant’s, on the account that it is installed on; the token that the user gave besides is withdrawn, and is kept nowhere.',
    source: 'providers.md, Installations',
  },
  'installation:spoofed': {
    behaviour:
      'A callback with somebody else’s installation id, with none, with two, with letters, or of a request that waits for an approval stores nothing, and what was granted is withdrawn.',
    source: 'providers.md, Installations',
  },
  'installation:tenant': {
    behaviour:
      'A session for a user’s own connections has no installations, and says what to ask for in place of it.',
    source: 'providers.md, Installations',
  },
  'installation:renewed': {
    behaviour:
      'Each renewal mints a token, and brings what the app may do there now; one that is suspended stays active and recovers, and one that was removed ends.',
    source: 'providers.md, Installations',
  },
  'installation:key': {
    behaviour:
      'The private key of an app is sealed with its secret and never answered; a wrong one suspends the integration alone, is found by validating it, and can be replaced.',
    source: 'providers.md, Installations',
  },
  'installation:api': {
    behaviour:
      'Installations are listed and read with what they may do, by keys that may see them; a disconnect leaves the app installed, and only a removal ends it at the provider, in the audit log.',
    source: 'providers.md, Installations',
  },
  'mint:herd': {
    behaviour:
      '200 parallel reads at the end of a minted access token over two processes make one request to the provider.',
    source: 'refresh.md, Minting',
  },
  'mint:crash': {
    behaviour: 'A process that is killed at any point of minting loses no connection.',
    source: 'refresh.md, Minting',
  },
  'keys:fields': {
    behaviour:
      'Two secrets and a site are typed into one form, checked at the provider and kept as one sealed record, which is read with all of its headers and fields.',
    source: 'providers.md, Keys of several fields',
  },
  'keys:fields-refused': {
    behaviour:
      'A field that is not of its form, such as a UUID for a key, is refused and named before anything is sent, in the form and in the API.',
    source: 'providers.md, Keys of several fields',
  },
  'keys:open-values': {
    behaviour:
      'A field that is no secret may stand in an address and a header of a request, where it is one segment or refused before anything is sent.',
    source: 'providers.md, Keys of several fields',
  },
  'keys:typed-account': {
    behaviour:
      'Where a provider names no account for a key, the account is a field that was typed, or a hash of the key that differs between tenants and from which it cannot be read back.',
    source: 'providers.md, Keys of several fields',
  },
  'keys:fields-withdrawn': {
    behaviour:
      'A disconnect withdraws a key whose provider can delete it, by a request with the key itself.',
    source: 'providers.md, Withdrawal',
  },
  'T13:key-fields': {
    behaviour:
      'No field of a key, secret or not, stands in a page, address, answer to the app, log, metric, audit entry or row, whether it was taken or refused.',
    source: 'T13; providers.md, Keys of several fields',
  },
  'connect:key-attempts': {
    behaviour:
      'After five keys that will not do the flow ends and the app gets the reason; the provider is asked of no sixth, not even of a right one.',
    source: 'connect.md, Other ways in; threats.md, Connect',
  },
  'connect:key-methods': {
    behaviour:
      'A flow is by the first method of the provider that its connect session allows and that can be used, unless its page names another one that is allowed; an id that there is not is refused with those there are.',
    source: 'connect.md, Other ways in',
  },
  'connect:key-cancelled': {
    behaviour:
      'A form that is cancelled, or whose flow has ended, leads back to the app, and its key is sent nowhere.',
    source: 'connect.md, Other ways in',
  },
  'connect:key-reloaded': {
    behaviour:
      'A form for a key that its own browser loads again is shown again, and to no other browser.',
    source: 'connect.md, Other ways in',
  },
  'connect:link': {
    behaviour:
      'A link opens a page that names the app and the account first; its user is connected only after the app has confirmed who came back with the ticket.',
    source: 'connect.md, Links',
  },
  'connect:link-same-browser': {
    behaviour:
      'The browser that used a link may begin again until something is connected; what it began before is cancelled.',
    source: 'connect.md, Links',
  },
  'connect:link-denied': {
    behaviour: 'After a refusal at the provider the same browser can use the link again.',
    source: 'connect.md, Links',
  },
  'connect:link-ends': {
    behaviour:
      'A link that has expired, was revoked or never was opens nothing, and these cannot be told apart; a revoked session ends its attempts.',
    source: 'connect.md, Links',
  },
  'connect:link-key': {
    behaviour: 'A link whose session allows keys leads to the form for a key as well.',
    source: 'connect.md, Links',
  },
  'connect:link-german': {
    behaviour: 'The pages speak the language that the browser prefers, of English and German.',
    source: 'connect.md, Links',
  },
  'connect:link-code': {
    behaviour:
      'A link that ends with a code shows one to the browser that finished; the account is connected once the backend brings it, with the user who gave it.',
    source: 'connect.md, Links; RFC 8628',
  },
  'connect:link-code-tries': {
    behaviour: 'The fifth wrong code ends the flow, and then not even the right one is taken.',
    source: 'connect.md, Links; RFC 8628 section 5.1',
  },
  'connect:link-code-guessed-at-once': {
    behaviour: 'No number of codes at the same time gets past the five.',
    source: 'connect.md, Links; RFC 8628 section 5.1',
  },
  'connect:link-code-only-where-asked': {
    behaviour: 'A session that was not made for it is confirmed by no code.',
    source: 'connect.md, Links',
  },
  'T1:link-other-user': {
    behaviour:
      "A user who is sent another's link and consents gives nothing away: the app's login says who finished, and the code is destroyed.",
    source: 'T1',
  },
  'T1:link-other-browser': {
    behaviour: 'A link that one browser has used opens in no other, and says nothing of its user.',
    source: 'T1',
  },
  'T1:link-code-other-user': {
    behaviour: 'A code that is confirmed for another user connects nobody, and is of no more use.',
    source: 'T1',
  },
  'T1:link-code-page': {
    behaviour: 'The page with a code is shown to the browser of its flow alone.',
    source: 'T1',
  },
  'T2:link-opened-by-programs': {
    behaviour:
      'Scanners, previews and prefetches that open a link, however often, change nothing and use nothing up.',
    source: 'T2',
  },
  'T2:link-foreign-form': {
    behaviour:
      'A form that any other page sends to a link has no effect, and the link is not used up.',
    source: 'T2',
  },
  'T6:link-at-once': {
    behaviour: 'A link that several browsers use at the same time is used by one.',
    source: 'T6',
  },
  'T1:key-other-browser': {
    behaviour:
      "A form for a key that is sent without the flow's cookie has no effect: the key goes nowhere, and the flow waits for its own browser.",
    source: 'T1',
  },
  'T1:key-other-user': {
    behaviour:
      'A parked key that is confirmed for another user is stored for nobody, and destroyed.',
    source: 'T1',
  },
  'T2:key-foreign-form': {
    behaviour:
      "A form for a key that another site sends, or that carries another flow's state, has no effect: the key goes nowhere.",
    source: 'T2',
  },
  'T2:foreign-callback': {
    behaviour: "A callback in a browser without the flow's cookie has no effect.",
    source: 'T2; RFC 6749 section 10.12',
  },
  'T3:other-integration': {
    behaviour: "A code that arrives on another integration's path is sent nowhere.",
    source: 'T3; ASVS 10.2.2',
  },
  'T3:edited-integration': {
    behaviour: 'A flow whose integration was given another client meanwhile has no effect.',
    source: 'T3',
  },
  'T4:issuer': {
    behaviour: 'A wrong or repeated iss has no effect; the right one, once, is welcome.',
    source: 'T4; RFC 9207 section 2.4',
  },
  'T5:pkce': {
    behaviour:
      'Every authorisation request carries an S256 challenge, and no challenge comes twice.',
    source: 'T5; RFC 7636 section 4.2',
  },
  'T6:replay': {
    behaviour: 'A callback and a confirmation that are delivered again cause one exchange in all.',
    source: 'T6; RFC 6749 section 10.5',
  },
  'T6:parallel-callbacks': {
    behaviour: 'Equal callbacks in parallel all lead to one flow, whose code is exchanged once.',
    source: 'T6; RFC 6749 section 10.5',
  },
  'T6:key-replay': {
    behaviour:
      'A form for a key that is sent again after it was taken changes nothing: its browser is only sent back to the app.',
    source: 'T6',
  },
  'T6:key-parallel': {
    behaviour: 'A form for a key that is sent several times at once makes one credential.',
    source: 'T6',
  },
  'T7:key-scopes': {
    behaviour:
      'A pasted key that lacks a scope that the session requires, or may do more than it allows, is not taken.',
    source: 'T7',
  },
  'T7:ceiling': {
    behaviour: 'A browser cannot ask for a scope that its connect session does not allow.',
    source: 'T7; ASVS 10.2.3',
  },
  'T7:choice-is-ceiling': {
    behaviour:
      'Whatever session and tenant policy allow, a flow asks for each choice that a page can make of what it is offered, and every other scope is refused.',
    source: 'T7; connect.md, Scopes',
  },
  'T7:forbidden-rights': {
    behaviour:
      'A scope that has the rights of one that the session forbids is neither offered nor taken, and a session that requires one is not made.',
    source: 'T7; connect.md, Scopes',
  },
  'T7:picker-bounded': {
    behaviour:
      'Whatever is offered, granted before, named by the app and clicked, the picker shows and passes on the offered scopes alone, and always those that are required.',
    source: 'T7; connect.md, Scopes',
  },
  'T7:tampered-choice': {
    behaviour:
      'A page that was made to send a scope beside the offered ones is refused, no flow is made, and its user is told.',
    source: 'T7',
  },
  'T7:link-scopes': {
    behaviour:
      'The page of a link offers what the session allows, keeps what it requires, and begins nothing with anything else.',
    source: 'T7',
  },
  'T7:narrower-grant': {
    behaviour: 'A grant that is narrower than asked is stored and shown as narrower.',
    source: 'T7; RFC 6749 section 5.1',
  },
  'T8:other-account': {
    behaviour:
      'Connecting again with another account overwrites nothing, unless the session allows it.',
    source: 'T8',
  },
  'T8:key-other-account': {
    behaviour:
      'A form for a key that reconnects says which account it is, and a key of another account overwrites nothing.',
    source: 'T8',
  },
  'T9:return-url': {
    behaviour: 'Nothing but a registered origin is ever navigated to.',
    source: 'T9; RFC 9700 section 4.11',
  },
  'T9:link-return-url': {
    behaviour:
      'A link leads back to the URL of its backend, on an origin that is allowed; nothing that a browser sends changes it.',
    source: 'T9; T34',
  },
  'T34:app-origin': {
    behaviour:
      'A connect session is for an origin that the app has configured, whatever a request says of its own address.',
    source: 'T34',
  },
  'docs:examples': {
    behaviour:
      'The example app of each framework connects a user, reads with the credential and disconnects; who is not signed in gets nothing.',
    source: 'backend.md, Mount the route',
  },
  'sdk:node-adapter': {
    behaviour:
      'The Node handler serves HTTP/1 and HTTP/2, takes a body that others read in any form, and loses none.',
    source: 'backend.md, Mount the route',
  },
  'T34:not-configured': {
    behaviour:
      'An app that has not configured its origin serves pages of this machine in development, and no others.',
    source: 'T34',
  },
  'T34:foreign-site': {
    behaviour:
      'A user who makes the app take another site for its own gets no ticket there and no connection. The audit log names the site, and honest users connect.',
    source: 'T34',
  },
  'T37:foreign-follower': {
    behaviour:
      'A page of another site, whatever cookies its visitor sends, takes none of the places in which this user’s windows follow connections.',
    source: 'T37; sdk.md, Pages that follow',
  },
  'T34:listed-origins': {
    behaviour:
      'A session that names an origin which the installation or the API key does not list is refused, and the audit log names the origin.',
    source: 'T34',
  },
  'T34:foreign-pages': {
    behaviour:
      "A page that holds another site's connect token is refused, and the audit log says so once a minute.",
    source: 'T34; threats.md, Connect tokens',
  },
  'T10:callback-page': {
    behaviour: 'No text of a provider reaches a page of ours, which allows no script and no frame.',
    source: 'T10',
  },
  'T10:key-page': {
    behaviour:
      'The form for a key runs no script, cannot be framed, can be sent to the service alone, and shows nothing of what was typed.',
    source: 'T10',
  },
  'T10:link-page': {
    behaviour:
      'The page of a link shows names, labels and what was typed as text alone, runs no script but the service’s own, and is framed by no page.',
    source: 'T10',
  },
  'pages:contrast': {
    behaviour:
      'Whatever colour an operator chooses, buttons can be told from the page, and what is written on them can be read, by day and by night.',
    source: 'WCAG 2.2, 1.4.3 and 1.4.11',
  },
  'e2e:key-form': {
    behaviour:
      'In a real browser a user connects by a key with the keyboard alone and without a script, after a wrong one too, from a popup and in the same tab.',
    source: 'connect.md, Other ways in',
  },
  'e2e:link': {
    behaviour:
      'In a real browser a link leads to the provider and back with the keyboard alone, with and without a script, under the page’s own strict policy.',
    source: 'connect.md, Links',
  },
  'connect:reconnect-in-place': {
    behaviour:
      'Connecting again replaces the credential of the same connection; a name makes another.',
    source: 'connect.md, The flow',
  },
  'connect:start-origin': {
    behaviour: "A start code is taken only from one of the session's origins.",
    source: 'T1; connect.md, The flow',
  },
  'connect:start-code-once': {
    behaviour: 'A start code works once; guesses and oversized ones are refused.',
    source: 'T6',
  },
  'connect:denied': {
    behaviour: 'A user who says no at the provider ends the flow as denied, and may try again.',
    source: 'RFC 6749 section 4.1.2.1',
  },
  'connect:code-and-error': {
    behaviour: 'An answer with both a code and an error has no effect.',
    source: 'RFC 6749 section 4.1.2.1',
  },
  'connect:bad-state': {
    behaviour:
      'A missing, forged, repeated or oversized state gets a plain page and has no effect.',
    source: 'T2; RFC 6749 section 10.12',
  },
  'connect:parked-too-long': {
    behaviour: 'A code that waited too long for its confirmation is not exchanged.',
    source: 'connect.md, The flow',
  },
  'connect:expired-flow': {
    behaviour:
      'A callback after the end of its flow has no effect, and the page learns of the end.',
    source: 'connect.md, The flow',
  },
  'connect:session-expires': {
    behaviour: 'A connect token is worth nothing after the end of its session.',
    source: 'threats.md, Connect tokens',
  },
  'connect:token-rules': {
    behaviour:
      "A connect token works in its header, from its origins, for its own session's flows only.",
    source: 'threats.md, Connect tokens; RFC 8725',
  },
  'connect:events': {
    behaviour: 'The page sees the flow go from created to connected as it happens, and no secret.',
    source: 'T11; connect.md, The server is the truth',
  },
  'connect:cancel': {
    behaviour: 'A flow that its page cancelled ends there, whatever the provider answers.',
    source: 'connect.md, React package',
  },
  'connect:one-truth': {
    behaviour:
      'Whatever happens beside the exchange of a code: the flow is connected and its credential served, or it is not and the grant is withdrawn.',
    source: 'connect.md, The server is the truth',
  },
  'connect:lost-commit': {
    behaviour:
      'A connection whose commit got no answer is looked up: stored, it stays; not stored, its flow ends and its grant is withdrawn.',
    source: 'connect.md, The flow',
  },
  'connect:storage-error': {
    behaviour: 'A storage error at the end of a flow ends the flow, and the grant is withdrawn.',
    source: 'connect.md, The flow',
  },
  'connect:withdrawn-later': {
    behaviour:
      'A grant that was not stored and cannot be withdrawn at once waits in the outbox, and is withdrawn later.',
    source: 'refresh.md, The outbox',
  },
  'connect:ends-with-session': {
    behaviour: 'A flow runs out with its connect session at the latest.',
    source: 'connect.md, The server is the truth',
  },
  'connect:limits': {
    behaviour: 'A session has at most five flows at once.',
    source: 'threats.md, Connect tokens',
  },
  'limits:parallel': {
    behaviour: 'Of any number of calls at once no more get through than the limit allows.',
    source: 'threats.md, Connect tokens; threats.md, Webhooks',
  },
  'limits:pasted-keys': {
    behaviour:
      'Keys that one address pastes into forms are limited, apart from wrong API keys and other addresses.',
    source: 'threats.md, Connect',
  },
  'limits:links': {
    behaviour: 'One address may open so many links in a time.',
    source: 'threats.md, Connect',
  },
  'connect:bad-token-answers': {
    behaviour:
      'A token answer that cannot be used connects nothing, and none of its text is shown.',
    source: 'T25; R6',
  },
  'connect:unusable-withdrawn': {
    behaviour:
      'Tokens of an answer that cannot be used are withdrawn at the provider, at once or when it is back.',
    source: 'refresh.md, R6; threats.md',
  },
  'connect:refused-with-200': {
    behaviour: 'A refusal that comes with status 200 or 403 is classified by its word.',
    source: 'refresh.md, Outcomes',
  },
  'connect:default-host': {
    behaviour:
      'A page that names no host means the only one that is registered; of several the session may say which, and else they are named.',
    source: 'connect.md, Self-managed instances',
  },
  'hosts:typed': {
    behaviour:
      'What people paste for an instance is read as the base URLs that it can mean; what is none is refused, and not repeated.',
    source: 'connect.md, Self-managed instances',
  },
  'hosts:word': {
    behaviour:
      'Where addresses of a provider are a word apart, the word is asked for by its name; any address that has it is cut down to it, and one of another domain is refused.',
    source: 'connect.md, Self-managed instances',
  },
  'hosts:word-field': {
    behaviour:
      'The kit’s field asks for the word that makes an address, cuts a pasted address down to it, and gives the host for the button once it can be connected.',
    source: 'connect.md, React package',
  },
  'hosts:word-choice': {
    behaviour: 'Where a provider is at one of a few addresses, the field is a choice of them.',
    source: 'connect.md, React package',
  },
  'hosts:found': {
    behaviour:
      'A name, the address of a page and a relative root lead to the instance, and what is not the provider or does not answer is said to be so.',
    source: 'connect.md, Self-managed instances',
  },
  'hosts:own-instance': {
    behaviour:
      'A self-managed instance under a relative root, found by the address of one of its pages, has an integration of its own: connecting, refresh, probe and revocation go to it, below its root, and to no other host.',
    source: 'connect.md, Self-managed instances',
  },
  'providers:github-oauth': {
    behaviour:
      'A GitHub OAuth app: comma scopes, a token without an end, a rate limit that says nothing of it, withdrawal of that token with the app’s own credentials, and a removal there that the next probe finds.',
    source: 'providers.md, The catalogue',
  },
  'providers:github-app-user': {
    behaviour:
      'A user connects by a GitHub App, whose tokens have no scopes and are renewed; its draft leads to the page where such an app is registered.',
    source: 'providers.md, The catalogue',
  },
  'providers:github-refusals': {
    behaviour:
      'GitHub refuses in a 200: a wrong client secret suspends the integration, and nobody is asked to connect again for it.',
    source: 'providers.md, The catalogue',
  },
  'providers:github-token': {
    behaviour:
      'A GitHub personal access token is stored with its owner and scopes, and its end is found out.',
    source: 'providers.md, The catalogue',
  },
  'providers:bitbucket': {
    behaviour:
      'Bitbucket Cloud: refresh tokens that rotate with a grace, an answer that is lost and asked for again, no endpoint to withdraw at, and a removal there.',
    source: 'providers.md, The catalogue',
  },
  'providers:bitbucket-token': {
    behaviour:
      'An Atlassian API token for Bitbucket is two fields: they are sent by HTTP Basic, and its end is found out.',
    source: 'providers.md, The catalogue',
  },
  'providers:azure-devops': {
    behaviour:
      'Azure DevOps by Microsoft Entra: long names of scopes, named again at each refresh; refresh tokens that stay good; a policy that asks for a new sign-in is named so; revoked sessions are found out.',
    source: 'providers.md, The catalogue',
  },
  'providers:buildkite': {
    behaviour:
      'Buildkite: an access token that looks at itself, with an account whatever it may do.',
    source: 'providers.md, The catalogue',
  },
  'providers:algolia': {
    behaviour:
      'Algolia: the id of an application is the host and a header beside the key; of two refusals with one status, the text says which key is dead.',
    source: 'providers.md, The catalogue',
  },
  'templates:escape': {
    behaviour:
      'Whatever is typed for a variable of a definition, it changes neither the origin of an address, nor the depth of its path, nor its query.',
    source: 'providers.md, Addresses',
  },
  'reach:edited-definition': {
    behaviour:
      'A definition that is edited later does not move a stored secret: no token and no client secret goes to an origin that it was not stored for; by the version that it was stored under it is renewed and withdrawn where it was before, and the connection says so. The operator who sets the client again, and the user who consents again, allow the new ones.',
    source: 'providers.md, Reach',
  },
  'reach:reseal': {
    behaviour:
      'An operator is shown the new origins of an edited definition, and nothing is changed before they confirm; then stored credentials and client secrets are used there, and the audit log of each tenant says so.',
    source: 'providers.md, Reach',
  },
  'custom:reseal-command': {
    behaviour:
      'The command that stores secrets for an edited definition shows the new origins, and changes nothing without --yes.',
    source: 'providers.md, Reach',
  },
  'reach:edited-path': {
    behaviour:
      'A definition that gets another path below the same origin holds nothing up: what was connected before is renewed, and withdrawn.',
    source: 'providers.md, Reach',
  },
  'reach:redirect': {
    behaviour:
      'Whatever a provider redirects, an exchange, a renewal, a probe or a withdrawal, nothing of it is sent to where the redirect leads.',
    source: 'providers.md, Reach',
  },
  'providers:gitlab-unchanged': {
    behaviour:
      'GitLab as data is sent what GitLab as functions was sent: each request of consent, exchange, look-up, renewal, probe, withdrawal and of a key, by place, headers and fields.',
    source: 'providers.md, A definition',
  },
  'providers:data-only': {
    behaviour:
      'Each bundled definition is JSON and nothing else, and is read by the same checks as one of an operator.',
    source: 'providers.md, A definition',
  },
  'reach:moved-variable': {
    behaviour:
      'The secret of an integration whose row names other variables than it was stored for does not open: no code and no secret is sent by it.',
    source: 'providers.md, Reach',
  },
  'reach:moved-row': {
    behaviour:
      'A credential whose row names another provider, host, user or integration does not open.',
    source: 'providers.md, Reach',
  },
  'providers:data-alone': {
    behaviour:
      'A provider that is described by data alone, with another host for its API, scopes, tokens and errors of its own form, is connected, read, renewed, found withdrawn and disconnected by a request of its own.',
    source: 'providers.md, A definition',
  },
  'custom:validation': {
    behaviour:
      'A definition that is not right is refused with the JSON pointer of each place and the reason: wrong types, unknown fields, parts that contradict each other, addresses that a variable could move, patterns that are not ones of RE2.',
    source: 'providers.md, A definition',
  },
  'T23:own-definition': {
    behaviour:
      'A call by a definition that a tenant wrote itself reaches no private host, unless the operator has listed it for that tenant by name; it uses up nothing of the limits of a host.',
    source: 'providers.md, By API',
  },
  'policy:own-provider': {
    behaviour:
      'A tenant that may only read has no scopes of a provider that it has defined itself, whatever the definition says of them.',
    source: 'providers.md, By API',
  },
  'custom:shadow': {
    behaviour:
      'A provider that a tenant defines for itself is seen by that tenant alone: another that uses or guesses its name finds nothing, or its own provider of that name. It stands in for no provider of the installation.',
    source: 'providers.md, By API',
  },
  'custom:precedence': {
    behaviour:
      'Of several definitions of one name, the file of the operator counts before the one by API, and that before the bundled one; each is back when the one before it goes.',
    source: 'providers.md, By API',
  },
  'custom:notices': {
    behaviour:
      'A definition by API is taken up by every process that reads the change log, also without a notification, and after a failure of the database; what the log has not named is found within five minutes.',
    source: 'providers.md, By API',
  },
  'T35:planted-definition': {
    behaviour:
      'A definition that was planted in the database, changed there, or moved to another owner or name, is not used, and the log names it with an alarm.',
    source: 'threats.md, T35',
  },
  'custom:new-key': {
    behaviour:
      'After a new key of the installation, definitions by API are under it; one that was changed by hand stays refused.',
    source: 'providers.md, By API',
  },
  'custom:by-api': {
    behaviour:
      'A provider that is defined by the API is connected and read like any other; a change needs the version that was read, one with nothing new is none, and one that anything needs is not removed. Each change is in the audit log.',
    source: 'providers.md, By API',
  },
  'custom:api-replicas': {
    behaviour:
      'A definition by the API is in force where it was sent when the answer comes, and in another process within 2 s, also when that process misses the notification; a file of its name counts before it.',
    source: 'providers.md, By API',
  },
  'custom:api-validation': {
    behaviour:
      'By the API a definition that is not right is refused with the JSON pointer of each place, also one that a preset or a patch makes, and nothing of it is stored.',
    source: 'providers.md, By API',
  },
  'custom:reserved': {
    behaviour:
      'Names that begin with x- are for tenants and no others are; a bundled provider is replaced only by a definition that says so.',
    source: 'providers.md, By API',
  },
  'custom:merge-patch': {
    behaviour: 'A patch of a bundled provider is a JSON Merge Patch, as RFC 7396 has it.',
    source: 'RFC 7396',
  },
  'custom:check': {
    behaviour:
      'A definition is tried with a credential: the answer has its health, its account and each request without a secret, and nothing is stored.',
    source: 'providers.md, By API',
  },
  'custom:attacked': {
    behaviour:
      'An admin whose key is limited to a tenant defines nothing for others, and nothing they define reaches a private address, an app of the installation, or what another tenant has.',
    source: 'providers.md, By API',
  },
  'custom:with-tenant': {
    behaviour: 'The definitions of a tenant are in its export, and go when it is erased.',
    source: 'providers.md, By API',
  },
  'custom:by-file': {
    behaviour:
      'A definition that is put into the folder is live on every replica: its provider is listed, connected, read, renewed, probed and withdrawn without a restart, and the React kit shows it with its title and its mark. A file that is not right is named in the log with the place and the reason, and changes nothing.',
    source: 'providers.md, By file',
  },
  'custom:start': {
    behaviour:
      'The service does not start with a definition that is not right; the message names file, place and reason.',
    source: 'providers.md, By file',
  },
  'custom:followed': {
    behaviour:
      'The folder of definitions is followed: a file is live after two looks, one second, half a file is not taken, a broken one leaves its last good version, of two of one name the first stays, an override ends with its file, and a definition goes with its file unless something needs it.',
    source: 'providers.md, By file',
  },
  'presets:guide': {
    behaviour:
      'A file of a few values is a provider: each preset of the guide is connected, read, and found dead, and one with consent renewed and withdrawn.',
    source: 'providers.md, Presets',
  },
  'presets:problems': {
    behaviour:
      'A preset makes a definition that is checked whole; what is wrong is said of the field of the preset that it was made of.',
    source: 'providers.md, Presets',
  },
  'presets:discovery': {
    behaviour:
      'The metadata of an issuer is read through the guard of outbound calls, and must be its own.',
    source: 'providers.md, Presets',
  },
  'custom:discover-command': {
    behaviour: 'A command prints an oidc preset with what its issuer says, to be kept as the file.',
    source: 'providers.md, Presets',
  },
  'custom:check-command': {
    behaviour:
      'A command reads a definition without settings, and prints where its secrets may go, or each problem with file, place and reason.',
    source: 'providers.md, By file',
  },
  'providers:all-methods': {
    behaviour:
      'One walk connects, reads, renews, probes, withdraws and finds withdrawn each method of the catalogue at a stand-in, and fails for one of which a pointer, a separator, a rotation, a condition, the client authentication or the reach of a withdrawal is changed.',
    source: 'providers.md, The catalogue',
  },
  'providers:no-names': {
    behaviour:
      'No module of the service, the SDK or the React package names a provider of the catalogue.',
    source: 'providers.md, A definition',
  },
  'providers:refused-definition': {
    behaviour:
      'A definition that the schema refuses, or whose name another one has, ends the start with its name and place.',
    source: 'providers.md, A definition',
  },
  'providers:quirks-covered': {
    behaviour:
      'Each thing that a provider of the catalogue does otherwise than others is shown by a test of its stand-in, and names the promise of the service that copes with it, or says why none has to.',
    source: 'providers.md, Stand-ins',
  },
  'providers:bitbucket-before': {
    behaviour:
      'Bitbucket before its changes of 2026: scopes by their older name, and refresh tokens that go on, are read and renewed by the same definition.',
    source: 'providers.md, The catalogue',
  },
  'providers:independent': {
    behaviour:
      'A stand-in for a provider imports nothing of its definition, and every part of it that answers requests names a source.',
    source: 'providers.md, Stand-ins',
  },
  'hosts:not-registered': {
    behaviour:
      'Of an instance that nothing is registered for it is said what to register there: the page, the redirect URI where there is a draft, and the scopes.',
    source: 'connect.md, Self-managed instances',
  },
  'hosts:field': {
    behaviour:
      'The field for an address has the service read it, takes over what was found, and says at the field what is wrong; it submits no form around it.',
    source: 'connect.md, React package',
  },
  'hosts:allowed': {
    behaviour:
      'A host that the session or the policy of its tenant does not allow is not called to find out what it is.',
    source: 'connect.md, Self-managed instances; T23',
  },
  'limits:host-checks': {
    behaviour: 'A user may have a few hosts looked at, and then has to wait; others do not.',
    source: 'T23',
  },
  'connect:provider-reason': {
    behaviour:
      'A failure at the provider after consent is reported with a reason of a closed list and its next step, without any text of the provider.',
    source: 'connect.md, The flow; T10; T25',
  },
  'connect:client-refused': {
    behaviour:
      'A code exchange that is refused for its client suspends the integration, and the next success resumes it.',
    source: 'refresh.md, Outcomes',
  },
  'connect:text-from-outside': {
    behaviour:
      'Names, pictures and scopes that a provider returns are stored clean and bounded, or not at all.',
    source: 'threats.md; ASVS 5.1',
  },
  'integrations:pasted': {
    behaviour:
      'A client id, secret, key or host with a blank, a line end or an invisible character is refused.',
    source: 'threats.md',
  },
  'connect:bad-requests': {
    behaviour: 'A request that is malformed, oversized or unknown gets a code of its own.',
    source: 'architecture.md, Wire format',
  },
  'connect:odd-ids': {
    behaviour:
      'Ids with separators, and names of object members, are ordinary ids that never collide.',
    source: 'T19',
  },
  'R6:lifetimes': {
    behaviour: 'A missing, absurd or malformed expires_in becomes a sensible, finite lifetime.',
    source: 'R6; RFC 6749 section 5.1',
  },
  'R6:odd-fields': {
    behaviour:
      'Whatever the optional fields of a token answer hold, its usable access token is stored, with all else that is usable.',
    source: 'refresh.md, R6; RFC 6749 section 5.1',
  },

  // Credentials
  'credentials:read': {
    behaviour: "A backend reads its user's credential, ready to send; each hand-out is audited.",
    source: 'sdk.md, Reading',
  },
  'credentials:not-connected': {
    behaviour:
      'A user without a connection, and a query that is wrong, get a code each and the way to connect.',
    source: 'sdk.md, Reading',
  },
  'credentials:damaged-record': {
    behaviour:
      'A record with one changed, missing or added byte does not open, is kept, and is reported.',
    source: 'vault.md, what it promises',
  },
  'refresh:on-read': {
    behaviour: 'A token that has ended is renewed by the read that finds it so.',
    source: 'refresh.md, a read that finds nothing valid',
  },
  'refresh:single-flight': {
    behaviour: 'Parallel reads of an expired credential cause one refresh, and all get its token.',
    source: 'refresh.md, a read that finds nothing valid',
  },
  'R8:serve-until-over': {
    behaviour:
      'A valid token is served whatever becomes of its refresh, and asking again does not bypass the backoff.',
    source: 'refresh.md, R8',
  },
  'refresh:conditional-not-early': {
    behaviour: 'Asking for something newer never refreshes before it is due.',
    source: 'refresh.md, A read that finds nothing valid',
  },
  'refresh:outage': {
    behaviour:
      'A provider that cannot renew an ended token yields 503 with Retry-After, and all is well afterwards.',
    source: 'refresh.md, R8',
  },
  'refresh:waits-as-asked': {
    behaviour:
      'A read waits for a refresh as long as its request says, within a bound, and then answers refresh_in_progress.',
    source: 'refresh.md, R8',
  },
  'refresh:worker-goes-on': {
    behaviour:
      'A claim that cannot be carried out or released ends neither the worker nor its process.',
    source: 'refresh.md, R12',
  },
  'refresh:planned-later': {
    behaviour:
      'An ended token whose refresh is planned for later is renewed by its read; one that waits out a failure is not.',
    source: 'refresh.md, a read that finds nothing valid',
  },
  'refresh:pause-within-life': {
    behaviour:
      'The pause after a failed refresh ends with the token that it protects, at the latest.',
    source: 'refresh.md, R8; refresh.md, Indeterminate outcomes',
  },
  'refresh:scopes-of-the-answer': {
    behaviour:
      'Scopes that a refresh answers, wider or narrower, are stored with the pair; policy and missingScopes follow at once.',
    source: 'refresh.md, Rules; RFC 6749 section 5.1',
  },
  'R9:one-refusal-is-a-suspicion': {
    behaviour: 'A single false invalid_grant kills nothing.',
    source: 'refresh.md, R9',
  },
  'R10:reported-401-dead': {
    behaviour: 'A reported 401 leads to a probe, a refresh, and only then to needs_reauth.',
    source: 'refresh.md, R10',
  },
  'R10:reported-401-alive': {
    behaviour: 'A 401 on a living token refreshes nothing; one probe answers for ten seconds.',
    source: 'refresh.md, R10',
  },
  'R10:shared-probe': {
    behaviour:
      'Readers who report a 401 while a probe is under way wait for it, and for the refresh that it leads to.',
    source: 'refresh.md, R10',
  },
  'R10:probe-of-a-generation': {
    behaviour: 'What a probe found is remembered of one generation: the next one is probed anew.',
    source: 'refresh.md, R10',
  },
  'R10:probe-is-stored': {
    behaviour:
      'A probe that a reader causes stores health, scopes and time, as a scheduled one does.',
    source: 'refresh.md, Health checks',
  },
  'refresh:lost-rotation-words': {
    behaviour:
      'The error for a lost rotation says what happened, and that the grant was not withdrawn.',
    source: 'refresh.md, What no protocol can do',
  },
  'refresh:lost-rotation': {
    behaviour: 'A pair that was lost on the network is named lost_rotation.',
    source: 'refresh.md, states',
  },
  'R6:no-new-refresh-token': {
    behaviour: 'An answer without a refresh token keeps the old one.',
    source: 'refresh.md, R6; RFC 6749 section 6',
  },
  'R6:rotation-kept': {
    behaviour:
      'A refresh answer without a usable access token loses no rotation: its refresh token goes out next.',
    source: 'refresh.md, R6',
  },
  'R6:found-in-a-text': {
    behaviour:
      'Tokens in a refresh answer of another form are kept aside, and tried before the connection is given up.',
    source: 'refresh.md, R2 and R6',
  },
  'refresh:client-refused': {
    behaviour: 'A refused client says nothing about the connection.',
    source: 'refresh.md, outcomes',
  },
  disconnect: {
    behaviour: 'Disconnecting ends reads at once and withdraws the grant at the provider.',
    source: 'refresh.md, the outbox',
  },
  'disconnect:expired-pair': {
    behaviour:
      'A pair whose access token has ended is withdrawn as well: the refresh token is sent, without a `token_type_hint`.',
    source: 'facts on GitLab, revocation',
  },
  'disconnect:provider-down': {
    behaviour: 'With the provider away, the local end is immediate, and the withdrawal waits.',
    source: 'refresh.md, the outbox',
  },
  'connections:last-used': {
    behaviour:
      'A connection says when a backend last read its credential: never until the first read, and not by being connected. A read writes it at most once in ten minutes.',
    source: 'react.md, ConnectionsManager',
  },
  'connections:brands': {
    behaviour:
      'A list of connections says, where it is asked, the title and the mark of its providers and of those that are named; a name that the catalogue has not is left out.',
    source: 'connect.md, React package',
  },
  'connections:list': {
    behaviour: "A tenant's connections are listed in pages.",
    source: 'backend.md, Mount the route',
  },
  integrations: {
    behaviour: 'An integration is drafted, completed and renewed, and its secret is never shown.',
    source: 'connect.md, self-managed instances',
  },
  'refresh:forced': {
    behaviour:
      'A refresh that a caller asks for renews a credential ahead of its time, by its generation and once in 60 s.',
    source: 'refresh.md, A refresh ahead of its time',
  },
  'refresh:forced-bypasses-nothing': {
    behaviour:
      'A refresh that a caller asks for sends nothing while the provider fails, an outcome is indeterminate, the client is refused, or another process holds the row.',
    source: 'refresh.md, A refresh ahead of its time',
  },
  'search:filter': {
    behaviour:
      'Connections are found by each field of the filter and each of its operators, by beginnings of words of the account, and in any order.',
    source: 'http-api.md, Search',
  },
  'search:cursor': {
    behaviour:
      'Pages of a search over a table that changes neither repeat nor skip a row that stood still; a cursor of another search or tenant is refused.',
    source: 'http-api.md, Search',
  },
  'events:search': {
    behaviour:
      'The events of a tenant that webhooks were sent are searched by type, connection and time, with the attempts of each webhook; a key of the tenant sees nothing of the webhooks of the installation.',
    source: 'http-api.md, Routes for backends',
  },
  'providers:found': {
    behaviour:
      'Providers are found by name, category, method and state, in pages, and each is read by its name.',
    source: 'http-api.md, Routes for backends',
  },
  'api:parity': {
    behaviour:
      'Each route that the comparison with another service names is described by the service, and is answered by it.',
    source: 'http-api.md, Compared with Authpipe',
  },
  'integrations:changed': {
    behaviour:
      'An integration is read, disabled and enabled; nobody connects by a disabled one, its connections stay, and a change of a revision that is not the newest is refused.',
    source: 'http-api.md, Integrations',
  },
  'integrations:removed': {
    behaviour:
      'An integration with connections is removed only by a caller who says what becomes of them; then they are disconnected, those of other tenants too, and their grants withdrawn.',
    source: 'http-api.md, Integrations',
  },
  'integrations:abandoned': {
    behaviour:
      'An integration whose grants the provider does not take back is removed by a caller who leaves them there; they wait for a person.',
    source: 'http-api.md, Integrations',
  },
  'integrations:validated': {
    behaviour:
      'The provider is asked whether it knows a client, once in 10 s: a right client is accepted, a wrong secret refused, and an outage is neither.',
    source: 'http-api.md, Integrations',
  },
  'http:openapi': {
    behaviour: 'The routes describe themselves, and say whether they live.',
    source: 'architecture.md, Parts',
  },
  'idempotency:once': {
    behaviour:
      'A writing call is carried out once under its Idempotency-Key, and its repeat gets the same answer.',
    source: 'architecture.md, Wire format',
  },
  'idempotency:another-request': {
    behaviour: 'Another request under the same Idempotency-Key is a conflict.',
    source: 'architecture.md, Wire format',
  },
  'idempotency:failed': {
    behaviour: 'A call that failed may be made again under the same Idempotency-Key.',
    source: 'architecture.md, Wire format',
  },
  'idempotency:secrets': {
    behaviour: 'An answer that holds a secret is not kept, and a repeat of its call is a conflict.',
    source: 'architecture.md, Wire format',
  },
  'idempotency:at-once': {
    behaviour:
      'Of calls under one Idempotency-Key at the same time one is carried out, and one that was cut off is not carried out again.',
    source: 'architecture.md, Wire format',
  },
  'idempotency:altered': {
    behaviour: 'A kept answer that was changed by hand is not given, and raises the alarm.',
    source: 'architecture.md, Wire format',
  },
  'idempotency:limits': {
    behaviour: 'A key that may not deal with a tenant leaves no call with it.',
    source: 'threats.md, T19',
  },
  'idempotency:ends': {
    behaviour: 'A kept answer goes after 24 hours, and with its tenant.',
    source: 'threats.md, T18',
  },
  'http:openapi-lint': {
    behaviour: 'The description of the routes passes a linter of OpenAPI documents.',
    source: 'architecture.md, Parts',
  },
  'http:errors-described': {
    behaviour: 'Each route says how it is authorised, and which errors it answers.',
    source: 'architecture.md, Parts; RFC 9457',
  },
  'T13:key-form': {
    behaviour:
      'A key that was typed into the form stands in no page, address, log, metric, audit entry or row, whether it was taken or refused.',
    source: 'T13; T20',
  },
  'T20:link': {
    behaviour: 'A link and a short code are in no log, metric or row.',
    source: 'T13; T20',
  },
  'T14:moved-record': {
    behaviour:
      'Sealed bytes that were moved, and rows that were pointed at another user or host, do not open, and raise the alarm.',
    source: 'threats.md, T14',
  },
  'T14:swap-matrix': {
    behaviour:
      'What is sealed opens nowhere but in its own place, each try raises one alarm, and others are served.',
    source: 'threats.md, T14; vault.md, Context',
  },
  'T14:pointed-integration': {
    behaviour:
      'An integration that is pointed at another host gives away neither secret nor token.',
    source: 'threats.md, T14',
  },
  'T16:planted-key': {
    behaviour:
      'A row of an API key that was planted, widened, moved or prolonged admits no caller, and raises the alarm.',
    source: 'threats.md, T16',
  },
  'T35:flow-started': {
    behaviour:
      'A flow that is at the provider, whose row says anything else than when it was begun, parks no code, hands out no ticket and raises an alarm.',
    source: 'threats.md, T35',
  },
  'T35:flow-parked': {
    behaviour:
      'A parked code whose flow says anything else than when it was begun is sent nowhere, and raises an alarm.',
    source: 'threats.md, T35',
  },
  'T35:flow-swapped': {
    behaviour: 'A parked code that was moved into the flow of another user opens nothing there.',
    source: 'threats.md, T35',
  },
  'T35:key-flow': {
    behaviour:
      'A flow by a key whose row says anything else than when it was begun takes no key, sends none anywhere, and raises an alarm.',
    source: 'threats.md, T35',
  },
  'T35:codes': {
    behaviour:
      'A start code, state or ticket that was planted, prolonged, or pointed at another flow or purpose opens nothing, and raises an alarm.',
    source: 'threats.md, T35',
  },
  'T35:session-policy': {
    behaviour:
      'A connect session that says anything else than its backend said is of no use to page, callback or confirmation, and raises an alarm each time.',
    source: 'threats.md, T35',
  },
  'T35:links': {
    behaviour: 'A link that was pointed at another session, or prolonged, opens nothing.',
    source: 'T35',
  },
  'T35:public-keys': {
    behaviour:
      'A public key that was planted beside the signing keys is not accepted, raises an alarm, and what the service signs is still right.',
    source: 'threats.md, T35',
  },
  'T35:left-tenant-keys': {
    behaviour:
      'A wrapped key that was copied to another tenant opens nothing there, and the first one serves on.',
    source: 'threats.md, T35',
  },
  'T35:left-install-keys': {
    behaviour:
      'A signing key whose row was deleted is followed by another at the next start, and what it had signed is refused.',
    source: 'threats.md, T35',
  },
  'T35:left-key-states': {
    behaviour:
      'A version of a key can be disabled and brought back by hand, and not once it is destroyed.',
    source: 'threats.md, T35',
  },
  'T35:left-api-keys': {
    behaviour: 'Who writes rows can end an API key, and gives no life to one that was revoked.',
    source: 'threats.md, T35',
  },
  'T35:left-integrations': {
    behaviour:
      'Scopes that were written into an integration widen no connect session that names its own; another only asks the provider for them.',
    source: 'threats.md, T35',
  },
  'T35:left-connections': {
    behaviour:
      'A connection that was changed by hand is hidden, renamed or shown as ended or active; its token goes to its own user or to no user.',
    source: 'threats.md, T35',
  },
  'T35:left-credentials': {
    behaviour:
      'A credential whose end was put off is the same one for longer; one that was deleted is gone.',
    source: 'threats.md, T35',
  },
  'T35:left-refresh-schedule': {
    behaviour:
      'A refresh whose row names another host or integration goes where the connection is.',
    source: 'threats.md, T35',
  },
  'T35:left-definitions': {
    behaviour:
      'By hand in the database a definition by API can be taken out of force, and an older version of it be put back.',
    source: 'threats.md, T35',
  },
  'T35:left-policy': {
    behaviour:
      'A policy that was deleted by hand limits nothing, serves no other user, and its end is missing in the audit log.',
    source: 'threats.md, T35',
  },
  'T35:left-tombstones': {
    behaviour:
      'Rows that are put back without the tombstone of their tenant do not open: its key is destroyed.',
    source: 'threats.md, T35',
  },
  'T35:left-flows': {
    behaviour:
      'A flow can be shown as ended otherwise than it did, and shows no connection of another user.',
    source: 'threats.md, T35',
  },
  'T35:left-resume-url': {
    behaviour:
      'A URL that was written into a flow that has ended sends no browser out of the origins of its session.',
    source: 'threats.md, T35',
  },
  'T35:left-codes': {
    behaviour: 'A code whose use was taken back by hand leads to no second exchange.',
    source: 'threats.md, T35',
  },
  'T35:left-sessions': {
    behaviour: 'A connect session can be ended by hand.',
    source: 'threats.md, T35',
  },
  'T35:left-changes': {
    behaviour: 'A change that was planted ends nothing but what a cache holds.',
    source: 'threats.md, T35',
  },
  'T35:left-replicas': {
    behaviour: 'A replica that was planted holds up no read.',
    source: 'threats.md, T35',
  },
  'T35:left-revocations': {
    behaviour:
      'A token that waits to be withdrawn is sent to no other host; who deletes it keeps the grant alive at the provider, and is served nothing.',
    source: 'threats.md, T35',
  },
  'T35:left-webhooks': {
    behaviour:
      'An endpoint whose URL was changed by hand receives its messages there. They hold what the database holds, and no secret, and the guard checks the URL at each message.',
    source: 'threats.md, T35',
  },
  'T35:left-deliveries': {
    behaviour:
      'A message that was planted in the outbox is signed, and sent to the endpoint that it names.',
    source: 'threats.md, T35',
  },
  'policy:providers': {
    behaviour:
      'A provider that the operator does not allow a tenant is not connected there, not registered and not read, and each refusal is in the audit log.',
    source: 'connect.md, Scopes; SECURITY.md, Who may do what',
  },
  'policy:hosts': {
    behaviour: 'The same for a host, in whichever spelling, and nothing is sent to it.',
    source: 'SECURITY.md, Who may do what',
  },
  'policy:scopes': {
    behaviour:
      'No session, flow or key goes beyond the scopes that the operator allows a tenant, and a refusal names them.',
    source: 'T7; connect.md, Scopes',
  },
  'scopes:plan-covers': {
    behaviour:
      'The scopes that are planned for tools cover each of them by the table of tools, and none of them can be left out.',
    source: 'tools.md, The planner',
  },
  'scopes:plan-least': {
    behaviour:
      'No set of scopes that covers the tools allows less than the planned one, and the alternatives are the sets that ask for fewer scopes or for others.',
    source: 'tools.md, The planner',
  },
  'scopes:plan-private': {
    behaviour:
      'Where a provider shows what is private only to a wider scope, the plan names the scopes for public things and those for private ones.',
    source: 'tools.md, The planner',
  },
  'scopes:tools-of': {
    behaviour:
      'Scopes allow the tools whose needs they imply; for each other tool the missing scopes are named.',
    source: 'tools.md, The planner',
  },
  'scopes:same-plan': {
    behaviour:
      'A backend and a page read the same scopes and tools, and plan the same within what the page may ask for.',
    source: 'tools.md, The planner',
  },
  'scopes:offered': {
    behaviour:
      'A page is offered the scopes, groups, presets and tools that its session and the policy of its tenant allow, and no others.',
    source: 'connect.md, Scopes',
  },
  'scopes:offered-there': {
    behaviour:
      'For a host the scopes are offered that the app is registered with there, the own one of a tenant before the shared one.',
    source: 'connect.md, Self-managed instances',
  },
  'scopes:picker': {
    behaviour:
      'A person chooses by presets or scope by scope; what is required or included is shown as fixed, with the reason, and each scope with its sentence, its risk and the tools that need it.',
    source: 'connect.md, React package',
  },
  'scopes:picker-tools': {
    behaviour:
      'For the tools of an app the picker chooses the least scopes, and names the tools that a choice does not suffice for.',
    source: 'connect.md, React package; tools.md, The planner',
  },
  'scopes:picker-changes': {
    behaviour:
      'For a connection that is there, the picker shows what stays, what is new and what is taken away, and takes nothing away by itself that is still offered.',
    source: 'connect.md, React package',
  },
  'scopes:picker-error': {
    behaviour:
      'Where the scopes cannot be read, the picker says so with the next step, and reads again without losing the focus.',
    source: 'connect.md, React package',
  },
  'scopes:button': {
    behaviour:
      'A button with a scope picker asks before it connects, opens the window in the click that confirms, and asks for exactly the scopes that were chosen.',
    source: 'connect.md, React package',
  },
  'scopes:element': {
    behaviour:
      'A `<keywell-connect>` with a scope picker draws, chooses and asks for what a button of React with one does; axe finds nothing.',
    source: 'without-react.md, Choosing scopes',
  },
  'scopes:button-changes': {
    behaviour:
      'The account of a connected button leads to its scopes; another choice reconnects the same connection.',
    source: 'connect.md, React package',
  },
  'scopes:choice-bounded': {
    behaviour:
      'Whatever a person clicks, a choice asks for all that is required and for nothing that is not offered, and leaves out what another scope of it implies.',
    source: 'T7; connect.md, Scopes',
  },
  'scopes:choice-rows': {
    behaviour:
      'A choice shows each offered scope once, as required, chosen, included in another one, or open; a preset is offered where it does what it says.',
    source: 'connect.md, React package',
  },
  'scopes:changes': {
    behaviour:
      'For a connection that asks for other scopes it is shown what stays, what is added and what is taken away.',
    source: 'connect.md, React package',
  },
  'scopes:without': {
    behaviour: 'For each scope the tools are named that work by it, and do not work without it.',
    source: 'tools.md, The planner',
  },
  'tools:table': {
    behaviour:
      'Each tool has a name of its own, a parameter for each place of its path, and no parameter that is there or sent twice.',
    source: 'tools.md, The table',
  },
  'tools:operations': {
    behaviour:
      'Each tool calls an operation that is in the description GitLab publishes, or one of those that it is known to lack.',
    source: 'tools.md, The table',
  },
  'tools:parameters': {
    behaviour:
      'Each parameter of a tool is one of its operation by name, place and type in the description GitLab publishes, or differs for a reason that is written down; what GitLab requires, the tool has.',
    source: 'tools.md, From a call to a request',
  },
  'tools:requests': {
    behaviour:
      'For each tool the least and the most that it takes make a request of its method, of a path in its form, and of parameters that it has.',
    source: 'tools.md, From a call to a request',
  },
  'tools:github-requests': {
    behaviour:
      "For each tool of GitHub, what is sent is what GitHub's own client sends for the operation, with all that the tool takes.",
    source: 'tools.md, The table',
  },
  'tools:compact': {
    behaviour:
      'The compact profile has 18 tools under names, arguments and fields of its own; each calls one tool of the catalogue, and refusals have its names.',
    source: 'tools.md, The compact profile',
  },
  'tools:path': {
    behaviour:
      'Whatever text stands for a place of a path arrives as it was, and never leaves its segment.',
    source: 'tools.md, From a call to a request',
  },
  'tools:log': {
    behaviour:
      'A job log comes as plain text of at most the bytes that were asked for, its end or its start, in whole lines and characters, with the size that it has.',
    source: 'tools.md, From an answer to a result',
  },
  'tools:file': {
    behaviour:
      'The content of a file is readable where it is text, in Base64 else, cut at the bytes that were asked for, and refused where it is not what its checksum is of.',
    source: 'tools.md, From an answer to a result',
  },
  'tools:archive': {
    behaviour:
      'An archive comes in Base64 up to the size that was asked for; a larger one is refused with its size.',
    source: 'tools.md, From an answer to a result',
  },
  'tools:withheld': {
    behaviour:
      'Values of CI/CD variables are withheld unless the policy reveals them; tokens of runners, passwords in addresses and the access token of the call always are, wherever they stand.',
    source: 'tools.md, From an answer to a result',
  },
  'tools:bounded': {
    behaviour:
      'What an agent gets is bounded: long texts are cut first, then whole items of a list, and the result says what is missing and how to get it.',
    source: 'tools.md, From an answer to a result',
  },
  'tools:arguments': {
    behaviour:
      'Arguments are taken as models write them where one meaning is left, and else refused by parameter, all at once, with what would be right.',
    source: 'tools.md, From a call to a request',
  },
  'tools:by-service': {
    behaviour:
      'A backend runs each of the tools of GitLab as its user; a person approves each call that destroys, and no agent gets a token.',
    source: 'tools.md, The table',
  },
  'tools:host-not-allowed': {
    behaviour:
      'Where a redirect leads to a host that the service may not call, the error names that host and the setting that allows it.',
    source: 'tools.md, Sending',
  },
  'tools:github': {
    behaviour:
      'The tools of GitHub run by the service as those of GitLab do, with its lists, its files and its refusals.',
    source: 'tools.md, The table',
  },
  'tools:github-refusals': {
    behaviour:
      'A refusal of GitHub says what it means: a scope, a permission, single sign-on, a limit, what is not there or was meant, and who can lift it.',
    source: 'tools.md, What a refusal means',
  },
  'tools:whole-way': {
    behaviour:
      'Each tool of GitLab, with arguments that are right, does its work at a stand-in that was written from what GitLab publishes.',
    source: 'tools.md, The checks',
  },
  'tools:least-scopes': {
    behaviour:
      'A token of the scopes that are planned for a tool suffices; without any one of them, and with all scopes that do not imply it, the provider refuses.',
    source: 'tools.md, The planner',
  },
  'tools:bad-calls': {
    behaviour:
      'Each tool refuses a call without an argument that it needs before anything is sent, and says what is not there where GitLab finds nothing.',
    source: 'tools.md, The checks',
  },
  'execute:refused': {
    behaviour:
      'A call that a check refuses sends nothing, says why and what to do, and is in the audit log.',
    source: 'tools.md, The checks',
  },
  'execute:classified': {
    behaviour:
      'What a provider refuses has a code by what it means, a next step, and where they are known the fields or the resource that it is about.',
    source: 'tools.md, What a refusal means',
  },
  'execute:retried': {
    behaviour:
      'A request is sent once more where the provider surely did nothing, or where the tool reads; a change that has no answer is not, and the error says that it may have happened.',
    source: 'tools.md, Sending',
  },
  'execute:unauthorized': {
    behaviour:
      'An answer 401 is examined: a newer credential is used, a live one was refused for lack of rights, and a dead one needs its user.',
    source: 'tools.md, Sending',
  },
  'execute:limited': {
    behaviour:
      'Every request takes a place in the window of its connection, and a provider that asks to wait is left alone, within bounds.',
    source: 'tools.md, Sending',
  },
  'execute:places': {
    behaviour:
      'Where a policy limits places, a tool reaches no other, however an argument writes it, and what cannot be compared is refused.',
    source: 'tools.md, The checks',
  },
  'execute:addresses': {
    behaviour:
      "An address of a page on the connection's own host is taken for the place and the number that it is about, and one of another host is refused.",
    source: 'tools.md, The checks',
  },
  'execute:hints': {
    behaviour:
      'What is not found comes with the names or numbers that were meant, by at most two reads of what the user can see.',
    source: 'tools.md, What a refusal means',
  },
  'execute:dry-run': {
    behaviour:
      'A dry run answers the request that would be sent, without secrets, and the name of what it would change, and changes nothing.',
    source: 'tools.md, The checks',
  },
  'execute:approved': {
    behaviour:
      'A call that a person has to approve is not sent before, and an approval lets one call through, the one it was given to.',
    source: 'tools.md, The checks',
  },
  'execute:prepared': {
    behaviour:
      'Where the provider has no field for an argument, what it takes is made of the argument and of what is there; what cannot be read is not changed.',
    source: 'tools.md, Sending',
  },
  'execute:no-token': {
    behaviour:
      'The token of a call is in no result, error or record of it, whatever the provider writes it into.',
    source: 'tools.md, From an answer to a result; T34',
  },
  'tools:listed': {
    behaviour:
      'The catalogue lists each tool with its schemas and annotations, in one order, and its pages join to the whole.',
    source: 'tools.md, Listing',
  },
  'tools:list-scoped': {
    behaviour:
      'A user is listed the tools that can be run now, and for each other name that was asked for the reason why it cannot.',
    source: 'tools.md, Listing',
  },
  'execute:order': {
    behaviour: 'A call that fails several checks reports the first of them.',
    source: 'tools.md, The checks',
  },
  'policy:narrowed': {
    behaviour:
      'A policy that is narrowed while a user connects holds: nothing is stored, no code is sent, and a grant that is too wide is withdrawn.',
    source: 'T7',
  },
  'policy:read': {
    behaviour:
      'What was connected before and goes beyond the policy is handed out by no process from its commit on, is kept alive, and serves again when it is allowed.',
    source: 'T7; T27',
  },
  'policy:key-form': {
    behaviour:
      'A pasted key that may do more than the policy of its tenant is not taken, and none is sent to a host that the policy does not allow.',
    source: 'T7; T34',
  },
  'policy:read-only': {
    behaviour:
      'A read-only tenant gets no credential that can change anything, and none whose permissions are unknown.',
    source: 'T7; T34',
  },
  'policy:tools': {
    behaviour: 'What the policy says of tools comes with the credential that they would use.',
    source: 'running.md, What a tenant may do',
  },
  'policy:evicts': {
    behaviour:
      'Within a second of a change an SDK serves nothing that the policy was not asked about, and no other tenant notices.',
    source: 'T27; sdk.md',
  },
  'policy:operator': {
    behaviour:
      'Only an admin key without limits changes a policy, as a whole and without typing errors, and the audit log says who did.',
    source: 'T29; T30',
  },
  'policy:unreadable': {
    behaviour: 'A policy that this version cannot read allows nothing.',
    source: 'architecture.md, Decisions',
  },
  'T18:erase': {
    behaviour:
      'Erasing a tenant withdraws its grants, then destroys its keys and leaves of its rows nothing but log, changes and its id.',
    source: 'T18; vault.md, shredding a tenant',
  },
  'T18:order': {
    behaviour:
      'No key is destroyed while a grant is still to be withdrawn; what is left is named, and the worker goes on by itself.',
    source: 'T18; vault.md, shredding a tenant',
  },
  'T18:now': {
    behaviour:
      'An erasure that does not wait says what it leaves alive at the providers, and where.',
    source: 'T18; vault.md, shredding a tenant',
  },
  'T18:tombstone': {
    behaviour:
      'Nothing is connected, sealed or stored again for a tenant that is being erased, or was.',
    source: 'T18; vault.md, shredding a tenant',
  },
  'T18:killed': {
    behaviour: 'An erasure that was stopped at any step and is called again comes to the same end.',
    source: 'T18; architecture.md, Decisions',
  },
  'T18:restored': {
    behaviour: 'A record of an erased tenant that is put back does not open.',
    source: 'T18; vault.md, shredding a tenant',
  },
  'T18:restored-keys': {
    behaviour:
      'Rows of an erased tenant that are put back with its keys serve nothing, are named, and go when the tenant is erased again.',
    source: 'T18; vault.md, shredding a tenant',
  },
  'T18:nothing-personal': {
    behaviour:
      'With webhook and provider down, no name, account or user id of an erased tenant is left but in log, changes and grants that are still to be withdrawn.',
    source: 'T18; vault.md, shredding a tenant',
  },
  'T18:export': {
    behaviour: 'A tenant is handed everything that is kept of it, and in it no secret.',
    source: 'T18; T20',
  },
  'T18:under-load': {
    behaviour:
      'Within 5 s of an erasure no replica and no SDK yields anything of the tenant, and another sees no error.',
    source: 'threats.md, T18',
  },
  'T19:foreign-ids': {
    behaviour: 'A foreign id and an unknown id cannot be distinguished.',
    source: 'threats.md, T19',
  },
  'T19:every-route': {
    behaviour:
      'Every route answers a foreign id, and a tenant that a key is not for, as it answers an unknown one.',
    source: 'threats.md, T19',
  },
  'T19:scopes': {
    behaviour:
      'Work that serves all tenants at once is done in the places that are listed with a reason.',
    source: 'threats.md, Row-level security',
  },
  'T19:row-security': {
    behaviour:
      'A statement that names no tenant in its scope sees no row of any table, without an error; one that names a tenant sees its rows alone.',
    source: 'threats.md, T19 and Row-level security',
  },
  'T19:row-security-everywhere': {
    behaviour:
      'Every table with rows of tenants has forced row security, and the roles of statements own nothing.',
    source: 'threats.md, Row-level security',
  },
  'T19:tenant-tables': {
    behaviour:
      'One list has every table and column with rows of tenants, and says which are sealed, exported or neither, and when rows go.',
    source: 'architecture.md, Decisions',
  },
  'T19:row-security-writes': {
    behaviour:
      'A statement changes no row of a tenant that its scope does not name, and moves none there.',
    source: 'threats.md, Row-level security',
  },
  'T19:row-security-cost': {
    behaviour:
      'Row security looks at the rows that a statement finds, and has none read besides them.',
    source: 'threats.md, Row-level security; refresh.md, The claim',
  },
  'T19:row-security-owner': {
    behaviour: 'Row security binds the owner of the tables, unless the owner is a superuser.',
    source: 'threats.md, Row-level security',
  },
  'T13:worker-sees-nothing-sealed': {
    behaviour: 'The role that serves all tenants at once can read no sealed value and no hash.',
    source: 'threats.md, T13 and Row-level security',
  },
  'operate:roles-made': {
    behaviour:
      'A login that may create roles makes those of the service at the first start, and takes them.',
    source: 'threats.md, Row-level security',
  },
  'operate:roles-missing': {
    behaviour:
      'For a login that may not take the roles, the error names the statements that an administrator has to run.',
    source: 'threats.md, Row-level security',
  },
  'operate:migrate': {
    behaviour:
      'The owner of the tables migrates by command, without a root key; until then the service says so and does not start.',
    source: 'threats.md, Row-level security',
  },
  'service:help': {
    behaviour:
      'Every command says how it is called; wrong words open nothing, exit with 2, and name the command that helps.',
    source: 'commands.md',
  },
  'operate:terminal': {
    behaviour:
      'What a command prints is shown by a terminal and never obeyed, and no API key has a name with control or invisible characters.',
    source: 'running.md',
  },
  'operate:log-lines': {
    behaviour:
      'A log line is shown by a terminal and never obeyed, and holds the same text for every parser.',
    source: 'running.md',
  },
  'logs:known': {
    behaviour:
      'Every line that the service writes has a message, a level and fields that the schema of log lines knows.',
    source: 'logs.md',
  },
  'logs:connections': {
    behaviour:
      'At `info` the log says when a connection is made, degraded, recovered, ended and removed, with its tenant, its host and the reason.',
    source: 'logs.md, Connections',
  },
  'logs:suspension': {
    behaviour:
      'The suspension of an integration is an alarm in the log, and its end is logged at `info`.',
    source: 'logs.md, Providers',
  },
  'logs:decisions': {
    behaviour:
      'At `debug` every decision of the refresh engine is logged: what happened in which state, what follows, and when.',
    source: 'logs.md, Refresh and probes',
  },
  'logs:provider-calls': {
    behaviour:
      'At `debug` every call to a provider is logged with host, path template, status and time, also one without an answer.',
    source: 'logs.md, Providers',
  },
  'logs:requests': {
    behaviour:
      'At `debug` every request is logged with its route, status, time and request id, and never with its path or query.',
    source: 'logs.md, Requests and API keys',
  },
  'logs:off': {
    behaviour: 'Of a level that is off no line is made: nothing of its fields is looked at.',
    source: 'logs.md',
  },
  'operate:database-settings': {
    behaviour:
      'No setting of a role or of a database reaches the service; one that cannot be overruled is named, and what lifts it.',
    source: 'running.md, Postgres',
  },
  'operate:pooler-settings': {
    behaviour:
      'A pooler that refuses a setting, or drops it where that matters, is named with what to write into its configuration.',
    source: 'running.md, Postgres',
  },
  'operate:login-owns-nothing': {
    behaviour: 'The service runs as a login that owns nothing and may do nothing by itself.',
    source: 'threats.md, Row-level security',
  },
  'T30:append-only-roles': {
    behaviour:
      'The roles of the service may not update or truncate the audit log, and requests may not delete from it. No role removes an entry that waits for its chain, or puts one into it by hand.',
    source: 'threats.md, T30',
  },
  'T23:host-check': {
    behaviour:
      'To find out what a host is, the service sends it no secret, follows no redirect, and tells nothing of its answer; a private host looks like one that does not answer.',
    source: 'T23',
  },
  'T24:key-host': {
    behaviour:
      'A pasted key is sent to the host that its flow began with and to no other, and no flow begins for a host without an integration.',
    source: 'T24',
  },
  'T23:private-hosts': {
    behaviour: 'A private, plain or disguised host is refused when it is registered.',
    source: 'threats.md, T22 and T23',
  },
  'T27:change-stream': {
    behaviour: 'Every listening backend receives a disconnect.',
    source: 'threats.md, T27',
  },
  'T29:every-route': {
    behaviour:
      'Every route that takes an API key declares the permission that it needs. A route that declares none answers no call.',
    source: 'threats.md, API keys',
  },
  'T29:roles': {
    behaviour: 'A key calls the routes of its roles and no others, and only admin manages keys.',
    source: 'threats.md, API keys',
  },
  'T29:limits': {
    behaviour:
      'A key that is limited to tenants or providers makes, sees and ends nothing beyond them.',
    source: 'threats.md, API keys',
  },
  'T29:streams-end': {
    behaviour:
      'The change streams and exports of an API key end within two seconds on every replica when it is revoked, expired, narrowed or erased.',
    source: 'threats.md, API keys',
  },
  'T29:streams-checked-together': {
    behaviour:
      'However many streams are open, their keys are looked up by one statement a second, and by none when nothing is open.',
    source: 'threats.md, API keys',
  },
  'T29:streams-unchecked': {
    behaviour: 'While the API key of a stream cannot be looked up, nothing is sent under it.',
    source: 'threats.md, API keys; architecture.md, Decisions',
  },
  'T29:sdk-refused': {
    behaviour:
      'An SDK whose API key has ended drops what it holds when its stream is refused, and its calls say `unauthorized`.',
    source: 'threats.md, API keys; sdk.md',
  },
  'T29:slow-answers': {
    behaviour: 'An answer that took long is given only if its API key still holds.',
    source: 'threats.md, API keys',
  },
  'T29:not-stronger': {
    behaviour: 'No key makes or rotates a key that may do more, or lives longer, than itself.',
    source: 'threats.md, API keys',
  },
  'T29:rotation': {
    behaviour:
      'A rotated key and its successor are both live for the stated time, and then the successor alone.',
    source: 'threats.md, API keys',
  },
  'T29:one-answer': {
    behaviour: 'Wrong, expired, revoked, unknown and altered keys get one answer.',
    source: 'threats.md, API keys',
  },
  'T29:guessing': {
    behaviour:
      'Wrong API keys from one address are answered 429 with Retry-After, and delay no caller there whose key is right.',
    source: 'threats.md, API keys',
  },
  'T29:look-ups-bounded': {
    behaviour:
      'A flood of API keys that were made up is looked up by one statement at a time, a repeated one by none, and one with a wrong checksum by none.',
    source: 'threats.md, API keys',
  },
  'T29:key-rate': {
    behaviour: 'A key that calls too often is answered 429 with Retry-After, and it alone.',
    source: 'threats.md, API keys',
  },
  'T29:address-rate': {
    behaviour: 'Calls without a key are limited by address, and health checks are not.',
    source: 'threats.md, API keys',
  },
  'requests:json': {
    behaviour: 'A body that does not say that it is JSON is refused before it is read.',
    source: 'T25',
  },
  'requests:unknown-fields': {
    behaviour:
      'A request that creates or changes something, or reads a credential, is refused when it has an unknown field, so that a misspelt limit or name is never dropped.',
    source: 'threats.md, API keys',
  },
  'requests:body': {
    behaviour: 'A body of more than 64 KB is refused, whether it says its length or not.',
    source: 'T25',
  },
  'requests:headers': {
    behaviour:
      "Every answer forbids scripts, frames and sniffing, and no origin but a session's may read one.",
    source: 'T10; threats.md, Connect tokens',
  },
  'requests:flow-streams': {
    behaviour:
      'Event streams are bounded by flow, connect session, address, API key and process; one beyond is refused with Retry-After.',
    source: 'T25; threats.md, Connect tokens',
  },
  'requests:flow-streams-end': {
    behaviour: 'An event stream of a flow ends with the flow, its connect session and its tenant.',
    source: 'T18; threats.md, Connect tokens',
  },
  'requests:flow-polled-once': {
    behaviour: 'A flow that is watched is looked at once a second, however many watch it.',
    source: 'T25; connect.md',
  },
  'requests:kept-answers': {
    behaviour:
      'Readiness asks the database once a second for all callers, and the API document is made once.',
    source: 'T25',
  },
  'requests:connections': {
    behaviour:
      'The service takes so many connections and no more: one beyond is answered 503 with Retry-After.',
    source: 'T25',
  },
  'requests:silent-readers': {
    behaviour: 'A client that takes nothing of what it is sent is cut off.',
    source: 'T25',
  },
  'requests:uncounted-proxy': {
    behaviour:
      'Behind a proxy that KEYWELL_PROXIES does not count the log says, once, that its clients share one address.',
    source: 'threats.md, API keys',
  },
  'requests:slow-clients': {
    behaviour: 'A client that sends too slowly or too much is cut off, and delays no other client.',
    source: 'T25',
  },
  'requests:client-address': {
    behaviour:
      'Whose request it is comes from the socket, or from as many proxies as there are, and never from the client.',
    source: 'threats.md, API keys',
  },
  'T29:last-use': {
    behaviour: 'The last use of a key is written once a minute at most, and holds up no read.',
    source: 'threats.md, API keys',
  },
  'T29:api-keys': {
    behaviour:
      'Wrong, changed, revoked and misplaced API keys open nothing, and a dump holds none.',
    source: 'threats.md, T29',
  },

  // Credentials
  'refresh:single-flight-processes': {
    behaviour:
      '200 parallel reads of an expired credential over two processes cause one refresh, and all get the same generation.',
    source: 'refresh.md, A read that finds nothing valid',
  },
  'R10:shared-probe-processes': {
    behaviour:
      '200 readers over two processes who report the same dead token cause one probe and one refresh, and all get the new one.',
    source: 'refresh.md, R10',
  },
  'R10:claim-under-way': {
    behaviour:
      'A reader who reports a 401 while another process commits a claim of the connection waits for that process, and does not get the refused token again.',
    source: 'refresh.md, R10',
  },
  'refresh:after-a-crash': {
    behaviour:
      'What a killed process had claimed is refreshed by the first read after its heartbeat is over; until then reads are answered with the time that is left.',
    source: 'refresh.md, R1',
  },
  'T30:audit-fails-closed': {
    behaviour:
      'With the audit log unwritable no secret leaves, and service returns without a restart.',
    source: 'threats.md, T30',
  },
  'T30:nothing-spent': {
    behaviour:
      'While the audit log cannot be written, every act answers 503 with Retry-After, is counted, does nothing and spends nothing: afterwards the same call succeeds.',
    source: 'T30; threats.md, Audit, failing closed',
  },
  'T30:append-only': {
    behaviour:
      'The service can change no entry, link, head or cut of the audit log, and remove none but by retention.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:altered-row': {
    behaviour: 'An entry of which one field was changed, by whomever, is named.',
    source: 'threats.md, T30',
  },
  'T30:missing-row': {
    behaviour: 'An entry that was deleted from its chain is named.',
    source: 'threats.md, T30',
  },
  'T30:reordered-rows': {
    behaviour: 'Entries that changed places, and a chain that was written anew, are named.',
    source: 'threats.md, T30',
  },
  'T30:cut-off-end': {
    behaviour:
      'An end that was cut off is found by the signed heads, also by those that were kept elsewhere alone.',
    source: 'threats.md, T30',
  },
  'T30:planted-row': {
    behaviour:
      'An entry that the service did not write is named, in its chain or waiting for it, and so are a head and a cut.',
    source: 'threats.md, T30',
  },
  'audit:small-entries': {
    behaviour:
      'An audited read is one row, which holds its entry and its link and has less than 290 bytes.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:one-chain': {
    behaviour:
      'Writers and chainers of several replicas leave one chain for each tenant, without a gap.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:retention': {
    behaviour: 'What is older than 90 days goes, and what stays can still be proved.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:weeks': {
    behaviour: 'The log stands in weeks, and there is one for every entry of the coming month.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:whole-weeks': {
    behaviour: 'Old weeks go whole, and every chain goes on where it was and is proved.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:clock-that-jumps': {
    behaviour: 'An entry of a time for which there is no week is written, proved and removed.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:no-other-way': {
    behaviour:
      'No role drops a week that is young, or a week with a link that is not cut off, nor changes one by its own name.',
    source: 'threats.md, Audit, failing closed',
  },
  'T30:weeks-of-an-owner': {
    behaviour:
      'A login that is no superuser drops old weeks of its tables, and none that is not cut off.',
    source: 'threats.md, Audit, failing closed; threats.md, Row-level security',
  },
  'T30:no-row-no-credential': {
    behaviour:
      'Of 10,000 reads with the audit log unwritable none hands out a credential, and the next is answered when it can be written.',
    source: 'T30; threats.md, Audit, failing closed',
  },
  'T30:refused-calls': {
    behaviour:
      'A call whose key is wrong, has ended, may not do this or calls too often is in the audit log.',
    source: 'threats.md, API keys; threats.md, Audit, failing closed',
  },
  'T30:refused-whose': {
    behaviour:
      'A refused call stands under the tenant that it named where its key was right, else under the installation.',
    source: 'threats.md, API keys; threats.md, Audit, failing closed',
  },
  'T30:refusals-bounded': {
    behaviour:
      'However many calls are refused, a process writes and remembers no more of them than configured, and counts the rest.',
    source: 'threats.md, API keys; threats.md, Audit, failing closed',
  },
  'T30:refusals-do-not-wait': {
    behaviour:
      'A refusal stands while the audit log cannot be written, at once, and what is missing is counted.',
    source: 'threats.md, API keys; threats.md, Audit, failing closed',
  },
  'audit:search': {
    behaviour: 'The audit log is searched by who, what, when and outcome, in pages, newest first.',
    source: 'threats.md, Audit, failing closed',
  },
  'audit:tenants': {
    behaviour:
      'No search, cursor or export shows an entry of another tenant, or shows an entry to a call without a key.',
    source: 'T19',
  },
  'planner:route': {
    behaviour: 'The route that plans scopes answers what the SDK computes, in both directions.',
    source: 'tools.md, The planner',
  },
  'planner:session-tools': {
    behaviour: 'A connect session that names tools requires the least scopes that they need.',
    source: 'tools.md, The planner',
  },
  'audit:tool-call': {
    behaviour:
      'An entry of a tool call says which tool, what it is about, as whom, and what came of it, whether it was made, refused or only described.',
    source: 'tools.md, Calls in the audit log',
  },
  'audit:request': {
    behaviour:
      'An entry of a request of the backend says method, path, names of what was sent, and what came of it.',
    source: 'tools.md, Calls in the audit log',
  },
  'audit:call-values': {
    behaviour:
      'No value of an argument is in the audit log, but those that say what a call is about, and nothing of what was answered.',
    source: 'tools.md, Calls in the audit log',
  },
  'audit:export': {
    behaviour:
      'An export that ended early goes on where it ended, without a gap and with nothing twice.',
    source: 'threats.md, Audit, failing closed',
  },
  'audit:sdk-export': {
    behaviour:
      'An export by the SDK whose connection breaks goes on behind the last entry, without a gap and with nothing twice.',
    source: 'threats.md, Audit, failing closed',
  },
  'audit:ocsf': {
    behaviour: 'An export as OCSF has what the class API Activity requires.',
    source: 'OCSF 1.6.0, API Activity',
  },
  'audit:head': {
    behaviour: 'A minute after it grew, the end of a chain is signed, logged and shown by the API.',
    source: 'threats.md, Audit, failing closed',
  },
  'audit:head-webhook': {
    behaviour: 'An endpoint that asked for signed heads is sent them, and no other is.',
    source: 'threats.md, Audit, failing closed',
  },
  'audit:verify-command': {
    behaviour:
      'keywell-service audit verify names the first entry that is not as it was written, and exits with 1.',
    source: 'threats.md, Audit, failing closed',
  },
  'store:database-away': {
    behaviour: 'The database goes away in flight: 503, no exit, and all is well when it is back.',
    source: 'refresh.md, R5',
  },
  'service:shutdown': {
    behaviour: 'SIGTERM ends the service cleanly, open streams included.',
    source: 'refresh.md, shutdown',
  },
  'service:trial': {
    behaviour:
      'A service without a single setting starts for development, on this machine alone; with any setting, or for production, what is missing is an error.',
    source: 'running.md, Try it without the repository',
  },
  'service:drains': {
    behaviour: 'Reads that are under way at SIGTERM are answered before the process ends.',
    source: 'refresh.md, shutdown',
  },
  'service:refuses-to-start': {
    behaviour:
      'No key, a wrong key, a readable key, no database or a plain public URL: one clear sentence, and no start.',
    source: 'vault.md, start',
  },
  'store:one-process-per-folder': {
    behaviour: 'A second process on the same embedded data folder is refused, and nothing is lost.',
    source: 'architecture.md, Decisions',
  },
  // The vault
  'vault:known-answers': {
    behaviour:
      'Cipher and derivation give the answers of NIST, Wycheproof and RFC 5869, and agree with others.',
    source: 'vault.md, Record format',
  },
  // Keys that are replaced
  'keys:every-column': {
    behaviour:
      'Every sealed column of the database is known to the replacement of keys, and opens.',
    source: 'vault.md, Tables',
  },
  'keys:verify': {
    behaviour: 'A record that does not open is counted by its reason and named by its ids.',
    source: 'vault.md, Seal and open',
  },
  'keys:rotate-tenant': {
    behaviour:
      'A tenant gets a new key: every record moves under its own generation, and the old key goes.',
    source: 'vault.md, Replacing keys',
  },
  'keys:overtaken': {
    behaviour: 'A record that is replaced while it is moved stays as it was replaced.',
    source: 'vault.md, Replacing keys',
  },
  'keys:waits': {
    behaviour: 'A version is disabled 10 minutes after its last use, and destroyed after 7 days.',
    source: 'vault.md, Replacing keys',
  },
  'keys:disabled': {
    behaviour: 'A disabled key opens nothing and raises an alarm, and what needs it can be saved.',
    source: 'vault.md, Tables',
  },
  'keys:held-by-a-record': {
    behaviour: 'A version that one record still needs is neither disabled nor destroyed.',
    source: 'vault.md, Replacing keys',
  },
  'keys:dropped-at-once': {
    behaviour: 'A process that is notified of it drops the keys of a tenant at once.',
    source: 'vault.md, In memory',
  },
  'keys:rotate-root': {
    behaviour:
      'A new root key wraps every key while the service runs, and the old one may be taken away.',
    source: 'vault.md, Replacing keys',
  },
  'keys:rotate-root-held': {
    behaviour:
      'A key that cannot be wrapped anew stands as it did, is named, and holds its old root key.',
    source: 'vault.md, Replacing keys',
  },
  'keys:rotate-root-refused': {
    behaviour: 'A root key that a running process does not know wraps nothing.',
    source: 'vault.md, Replacing keys',
  },
  'keys:killed': {
    behaviour: 'A rotation that is killed at any step loses nothing, and ends as it should.',
    source: 'vault.md, Replacing keys',
  },
  'keys:service-away': {
    behaviour:
      'A key service that is silent or refuses stops what needs a key with 503, and nothing for longer than it lasts.',
    source: 'vault.md, In memory',
  },
  'keys:service-wrong': {
    behaviour: 'A key service that gives a wrong key opens nothing and loses nothing.',
    source: 'vault.md, In memory',
  },
  'keys:service-rotate': {
    behaviour: 'Keys in a key service are rotated as others are, and bound to their tenant.',
    source: 'vault.md, Keys',
  },
  'install:rotate': {
    behaviour:
      "The installation's own key is replaced online, and its old version goes when nothing needs it any more; the service starts without it.",
    source: 'vault.md, Replacing keys',
  },
  'install:status': {
    behaviour: "What still needs an old version of the installation's key is named.",
    source: 'vault.md, Keys',
  },
  'install:api-keys': {
    behaviour:
      'An API key is checked under the pepper that its row names, and takes the present one at its next use, once.',
    source: 'vault.md, Keys; threats.md, API keys',
  },
  'install:api-key-gone': {
    behaviour: 'An API key whose pepper is disabled or destroyed opens nothing, and is an alarm.',
    source: 'vault.md, Tables; threats.md, API keys',
  },
  'install:audit': {
    behaviour:
      "A new version of the installation's key seals the audit log at once, and the log is proved across the change.",
    source: 'vault.md, Keys',
  },
  'install:cuts': {
    behaviour: 'What retention has cut off is said under the new version, and a forged cut is not.',
    source: 'vault.md, Keys',
  },
  'install:unheard': {
    behaviour:
      "A process that was not notified of a new version of the installation's key finds it within ten seconds.",
    source: 'vault.md, In memory',
  },
  'install:killed': {
    behaviour: "A rotation of the installation's key that is killed at any step ends as it should.",
    source: 'vault.md, Replacing keys',
  },
  'install:under-load': {
    behaviour:
      "The installation's key is replaced by command under load: no read fails, old and new API keys work, and the log is proved.",
    source: 'vault.md, Replacing keys',
  },
  'keys:under-load': {
    behaviour:
      'Root key and tenant key are replaced by command under load: no read fails, no generation grows, and the old root key may go.',
    source: 'vault.md, Replacing keys',
  },
  'service:sealing-keys-command': {
    behaviour: 'Commands say what wraps what and what does not open, also by their exit code.',
    source: 'vault.md, Replacing keys',
  },
  'service:keys-command': {
    behaviour: 'API keys are made, listed and revoked by command.',
    source: 'threats.md, API keys',
  },
  'service:keys-grants': {
    behaviour: 'By command an API key gets roles, limits, an end and a successor; default backend.',
    source: 'threats.md, API keys',
  },

  // In a browser
  'kit:brands': {
    behaviour:
      'A page has title and mark of every provider that it shows with the first read of the list of connections, and of one that it shows later then; in the bundle there are none.',
    source: 'connect.md, React package',
  },
  'e2e:popup': {
    behaviour:
      'In a real browser: click, popup, login, consent, connected, projects listed; every page accessible.',
    source: 'connect.md, the flow',
  },
  'T21:no-token-in-browser': {
    behaviour: "No provider's token and no API key ever reaches a browser.",
    source: 'threats.md, T21',
  },
  'T11:opener-cut': {
    behaviour: 'With the opener cut by the provider, the flow still ends right on both sides.',
    source: 'threats.md, T11',
  },
  'e2e:blocked': {
    behaviour: 'A blocked popup offers a way on in this tab, and it works.',
    source: 'connect.md, the server is the truth',
  },
  'e2e:denied': {
    behaviour: 'A user who says no sees it said, and can try again.',
    source: 'connect.md, The flow',
  },
  'e2e:closed-and-reopened': {
    behaviour: 'A popup that was closed can be opened again, and the flow ends well.',
    source: 'connect.md, the server is the truth',
  },
  'e2e:looks': {
    behaviour:
      'Each state of the connect button, reached by a person, fits a phone and a desk, light and dark, in both directions of writing, and axe finds nothing.',
    source: 'connect.md, React package',
  },
  'e2e:manager-looks': {
    behaviour:
      'Each state of the list of accounts, reached by a person, fits a phone and a desk, light and dark, in both directions of writing, and axe finds nothing.',
    source: 'connect.md, React package',
  },
  'connect:hydration': {
    behaviour:
      'Each component takes over what a server rendered, with React 19 and 18: no warning, the same elements, and times by the clock of the browser.',
    source: 'connect.md, React package',
  },
  'connect:own-host': {
    behaviour:
      'The list of accounts names the host of an account where it is not the one that the service gives as the provider’s own.',
    source: 'connect.md, React package',
  },
  'e2e:manager-live': {
    behaviour:
      'The list of accounts shows by itself what happens at the provider and in another window, says so to screen readers, and keeps the focus of its user.',
    source: 'connect.md, React package',
  },
  'e2e:manager-keyboard': {
    behaviour:
      'By keyboard alone: a second account of the same provider is connected under a name, and disconnected again; the focus is never lost.',
    source: 'connect.md, React package',
  },
  'e2e:manager-loading': {
    behaviour:
      'The list of accounts holds its place while it is read, and nothing jumps when it is there.',
    source: 'connect.md, React package',
  },
  'e2e:manager-many': {
    behaviour: 'Of a thousand accounts twenty are shown at once, and each of the others is found.',
    source: 'connect.md, React package',
  },
  'e2e:language': {
    behaviour:
      'A user who chose German reads German after a reload too, in a page that says so, and nobody else downloads it.',
    source: 'connect.md, React package',
  },
  'connect:finish-page': {
    behaviour:
      "The page at the end of a popup speaks its reader's language, and its own policy allows its stylesheet and nothing else.",
    source: 'backend.md, Mount the route',
  },
  'connect:class-names': {
    behaviour:
      'Each part of the kit has the class names that the app gives it, beside its attribute, and the guide lists the parts as the types do.',
    source: 'connect.md, React package',
  },
  'theming:tailwind': {
    behaviour:
      'Between the layers of Tailwind the stylesheet keeps its looks, and the app’s classes win.',
    source: 'connect.md, React package',
  },
  'theming:registry': {
    behaviour:
      'What the shadcn command copies from the registry into an app builds, and shows a connect button in the colours of its theme.',
    source: 'connect.md, React package',
  },
  'gallery:states': {
    behaviour:
      'The gallery shows each exported component in each state, from fixtures: it fits at 320 and 1280 pixels, in light and dark, in both directions, and axe finds nothing.',
    source: 'connect.md, React package',
  },
  'gallery:forced-colors': {
    behaviour:
      'With forced colours, the text of the kit is readable, each control shows its focus and its edge, and what is chosen is told from what is not.',
    source: 'connect.md, React package',
  },
  'gallery:reduced-motion': {
    behaviour: 'For people who want no motion, nothing of the kit moves in any state.',
    source: 'connect.md, React package',
  },
  'gallery:pictures': {
    behaviour:
      'Each section of the gallery looks as in the picture that is kept of it, in each size, colour scheme and direction.',
    source: 'connect.md, React package',
  },
  'e2e:connected-keyboard': {
    behaviour:
      'By keyboard alone: the account of a connected button, the question before it is disconnected, and back; the focus is never lost.',
    source: 'connect.md, React package',
  },
  'e2e:accounts-missing': {
    behaviour:
      'Where the code of the list of accounts cannot be fetched, the list says so under its heading; it is there once the page is loaded again.',
    source: 'connect.md, React package',
  },
  'e2e:early-click': {
    behaviour:
      'A click before the code of an attempt is there shows that it opens, and connects once it is.',
    source: 'connect.md, React package',
  },
  'e2e:click-missing': {
    behaviour:
      'Where the code of an attempt cannot be fetched, a click says so beside the button and to screen readers; after a reload it connects.',
    source: 'connect.md, React package',
  },
  'e2e:dialog-missing': {
    behaviour:
      'Where the dialog of a connected account cannot be fetched, the page says so beside the button and to screen readers; nothing else of the page changes.',
    source: 'connect.md, React package',
  },
  'e2e:other-browsers': {
    behaviour:
      'Choosing scopes in the page and in the dialog, connecting by popup, by redirect where the popup is blocked, and after a reload of the popup, and disconnecting work in Firefox and in WebKitGTK as in Chromium.',
    source: 'connect.md, The flow',
  },
  'e2e:scopes-keyboard': {
    behaviour:
      'By keyboard alone: a user chooses scopes, connects with exactly those, and later takes one away; the focus is never lost.',
    source: 'connect.md, React package',
  },
  'e2e:scopes-looks': {
    behaviour:
      'Each state of the scope picker, in the dialog of a button and in the page, fits a phone and a desk, light and dark, in both directions of writing and in German, and axe finds nothing.',
    source: 'connect.md, React package',
  },
  'e2e:self-managed-keyboard': {
    behaviour:
      'By keyboard alone, on a phone and on a desk: a user types the address of a self-managed GitLab, chooses scopes, connects, sees the account in the list, and disconnects it there; axe finds nothing, and the focus is never lost.',
    source: 'connect.md, Self-managed instances',
  },
  'e2e:self-managed': {
    behaviour:
      'Beside a GitLab that everybody uses, one that is self-managed is connected where it was found, and disconnected in the same place; what was typed and not checked is never connected.',
    source: 'connect.md, Self-managed instances',
  },
  'e2e:one-voice': {
    behaviour:
      'While an account is being connected, no part of the page says that it is not; a window that was closed is not taken for one that is open.',
    source: 'connect.md, the server is the truth',
  },
  'e2e:focus-kept': {
    behaviour:
      'The focus stays on the button while it changes what it says, and returns to it when what it was on is gone.',
    source: 'connect.md, React package',
  },
  'e2e:loading': {
    behaviour:
      'Until the connections are read, pages and button hold the place of what comes, and say nothing that may be wrong.',
    source: 'connect.md, React package',
  },
  'e2e:page-scheme': {
    behaviour: 'The connect button is light or dark as its page is, whatever the system prefers.',
    source: 'connect.md, React package',
  },
  'e2e:element-scopes': {
    behaviour:
      'By keyboard alone, a user chooses scopes in the dialog of `<keywell-connect>` under a strict content security policy, connects with exactly these, and changes them; the focus is never lost, screen readers get what works, and axe finds nothing.',
    source: 'without-react.md, Choosing scopes',
  },
  'e2e:without-react': {
    behaviour:
      'With Vue and with Svelte a user connects, sees the account, and disconnects; a strict content security policy refuses nothing, and axe finds nothing.',
    source: 'without-react.md',
  },
  'kit:vite': {
    behaviour:
      'In a page that Vite built each component of the kit works, under a content security policy without inline scripts and styles, with not one warning; what is loaded late comes from the built files.',
    source: 'connect.md, React package',
  },
  'kit:next': {
    behaviour:
      'In a page of Next’s app router each component of the kit is rendered on the server and hydrated without a warning, with the provider in a server component; what is loaded late comes from the built files.',
    source: 'connect.md, React package',
  },
  'e2e:strict-policy': {
    behaviour:
      'Under a content security policy without inline styles nothing of the connect button is refused.',
    source: 'connect.md, React package',
  },
  'e2e:redirect': {
    behaviour: 'On a phone the flow goes by redirect and comes back to where the user was.',
    source: 'connect.md, the server is the truth',
  },
  'e2e:keyboard': {
    behaviour: 'Connecting needs no mouse.',
    source: 'connect.md, React package',
  },
  'e2e:six-providers': {
    behaviour:
      'By keyboard alone in a browser, an account is connected at the stand-in of each bundled provider, by consent, by a code, or by a key in the service’s form; the app then reads there, and axe finds nothing on any page.',
    source: 'providers.md, Stand-ins',
  },
  'agent:scope-link': {
    behaviour:
      'A call without its scope says which is missing, and where to consent to it; after that consent in a browser the same call passes.',
    source: 'tools.md, An agent in a product',
  },
  'agent:day': {
    behaviour:
      'By keyboard alone in a browser, an agent of Acme finds a failed pipeline; for a scope that is missing the page asks for that one, and the same call goes on after consent; a deletion is sent once its user approved it and not where they denied it; the audit log beside it has calls, refusals and approvals; no token is in anything that the browser gets; axe finds nothing, from 320 px to a desk, in light and dark.',
    source: 'tools.md, An agent in a product',
  },
  'agent:approved-on-page': {
    behaviour:
      "A call of Acme's assistant can be approved on the page of the service, where Acme's login leads its user and nobody else; the conversation then goes on.",
    source: 'tools.md, An agent in a product',
  },
  'e2e:one-account-two-tenants': {
    behaviour:
      'One account at a provider is connected in two tenants: disconnecting in one leaves the other alive, and neither learns of the other.',
    source: 'providers.md, Withdrawal',
  },
  'T1:two-browsers': {
    behaviour:
      'Cross-user session fixation: what one user starts another cannot finish, and the token endpoint sees no call.',
    source: 'threats.md, T1',
  },
  'T1:handed-over-ticket': {
    behaviour:
      'Cross-user session fixation: a finish ticket opened by another signed-in user destroys the code.',
    source: 'threats.md, T1',
  },
  'e2e:disconnect': {
    behaviour: 'Disconnecting asks first, and nothing lives on at the provider.',
    source: 'connect.md, React package',
  },
  'e2e:revoked-at-provider': {
    behaviour: 'A grant that was withdrawn at the provider shows as such, with the way to mend it.',
    source: 'refresh.md, R10',
  },

  // The SDK and the service; leaks
  'sdk:get-credential': {
    behaviour:
      'One request for any number of callers, then memory; the credential works and shows itself nowhere.',
    source: 'sdk.md, Freshness',
  },
  'sdk:slow-provider': {
    behaviour:
      'With a provider that takes longer than a call of the SDK may, every reader gets the new credential.',
    source: 'sdk.md, Freshness; refresh.md, R8',
  },
  'sdk:errors': {
    behaviour:
      'Every failure has a code, a next step, which its message holds, and, where a service answered, a request id.',
    source: 'sdk.md, Errors',
  },
  'sdk:for-user': {
    behaviour: 'Every call of `forUser` is about that user, whatever else its arguments name.',
    source: 'sdk.md, One user',
  },
  'sdk:retries': {
    behaviour:
      'A call that fails in passing is sent again within its time limit, and a change is made once, whatever was lost on the way.',
    source: 'sdk.md, Retries',
  },
  'sdk:page-follows': {
    behaviour:
      'A page that follows its user’s connections reads them again when one changes, by whatever means.',
    source: 'sdk.md, Pages that follow',
  },
  'sdk:page-follows-anywhere': {
    behaviour:
      'Under node:http, Express, Fastify and Hono events reach a page as they come, and a page that goes away leaves nothing behind.',
    source: 'sdk.md, Pages that follow',
  },
  'sdk:page-follows-its-user': {
    behaviour: 'A page that follows learns nothing of the connections of other users and tenants.',
    source: 'sdk.md, Pages that follow',
  },
  'sdk:page-follows-bounded': {
    behaviour:
      'One user’s windows, and all of a process, can hold a bounded number of places that follow.',
    source: 'sdk.md, Pages that follow',
  },
  'sdk:lists': {
    behaviour:
      'Every list is read item by item over all its pages, or page by page, each page once.',
    source: 'sdk.md, Lists',
  },
  'protocol:error-of-another-copy': {
    behaviour:
      'The guard recognises an error of another copy of the package, and nothing that only looks like one.',
    source: 'sdk.md, Errors',
  },
  'T27:sdk-evicts': {
    behaviour: 'A disconnect empties every SDK within a second.',
    source: 'threats.md, T27',
  },
  'T27:pushed': {
    behaviour:
      'What was withdrawn at the provider is served by none of fifty SDKs within a second of being known, at no call upstream.',
    source: 'threats.md, T27; sdk.md, Freshness',
  },
  'T27:replaced': {
    behaviour:
      'A credential that was refreshed is served by no reader any more, and each reader fetches the new one once.',
    source: 'sdk.md, Freshness',
  },
  'T27:stream-cut': {
    behaviour:
      'With the stream cut, or open and silent, what is held is served for maxStaleMs and no longer.',
    source: 'threats.md, T27; sdk.md, Freshness',
  },
  'T27:log-validates': {
    behaviour:
      'One answer of the change log validates all that is held, far beyond maxStaleMs, without a read of each.',
    source: 'threats.md, T27; sdk.md, Freshness',
  },
  'T27:log-fills-gaps': {
    behaviour: 'What the stream leaves out is learnt from the change log, within maxStaleMs.',
    source: 'threats.md, T27; sdk.md, Freshness',
  },
  'T27:log-pages': {
    behaviour:
      'A page of the change log holds whatever was committed before the age that it names, on every replica.',
    source: 'threats.md, T27; sdk.md, Freshness',
  },
  'T28:forged': {
    behaviour:
      'Whatever events are made up, held back or repeated, a revoked credential is served for maxStaleMs after the last answer of the service and no longer.',
    source: 'threats.md, T28',
  },
  'T28:forged-costs': {
    behaviour:
      'An event that was made up costs one fetch, and what the service answers is held again.',
    source: 'threats.md, T28',
  },
  'T28:forged-successor': {
    behaviour: 'A made-up successor refuses no answer of the service.',
    source: 'threats.md, T28',
  },
  'T28:replayed': {
    behaviour: 'Events that are delivered again, in any order, evict nothing and cost no fetch.',
    source: 'threats.md, T28',
  },
  'T28:foreign-installation': {
    behaviour:
      'An event of another installation brings and prolongs nothing; the worst is one fetch more.',
    source: 'threats.md, T28',
  },
  'T28:reordered': {
    behaviour: 'Events that change places bring nothing back; the worst is one fetch more.',
    source: 'threats.md, T28',
  },
  'sdk:runtimes': {
    behaviour:
      'In Bun, Deno, workerd and the edge runtime the SDK reads, calls, connects and checks webhooks.',
    source: 'sdk.md, runtimes',
  },
  'sdk:linear-text': {
    behaviour:
      'Text that comes in pieces is searched once, however many pieces a line or an event comes in.',
    source: 'threats.md, the table',
  },
  'mcp:frameworks': {
    behaviour:
      'The MCP clients of OpenAI Agents and of LangChain list and call tools of the service; a token that was revoked ends them.',
    source: 'tools.md, MCP',
  },
  'mcp:stdio-service': {
    behaviour:
      'A server over stdio serves a connection of a running service, which runs the tools; the server has no token of the provider, and narrows what may be called.',
    source: 'tools.md, MCP',
  },
  'mcp:stdio-service-checks': {
    behaviour:
      'A server over stdio that its service, API key, user or connection make useless does not start, and says what to do.',
    source: 'tools.md, MCP',
  },
  'mcp:served': {
    behaviour:
      'A client of MCP lists and calls the tools of its owner, in both versions of the protocol; the audit log names its token.',
    source: 'tools.md, MCP',
  },
  'mcp:narrowed': {
    behaviour:
      'A token of MCP and its URL narrow the tools that the policy allows, and never widen them.',
    source: 'tools.md, MCP',
  },
  'mcp:asks-the-person': {
    behaviour:
      'A client that opens addresses is asked to let a person approve, and its call is made once that is done.',
    source: 'tools.md, MCP',
  },
  'mcp:list-changed': {
    behaviour:
      'A client of MCP that subscribed is told when its own list of tools is another one, and of no other change and no other user.',
    source: 'tools.md, MCP',
  },
  'mcp:subscription-ends': {
    behaviour: 'A subscription ends with its token, and a token has 8 at once.',
    source: 'tools.md, MCP',
  },
  'mcp:resumed': {
    behaviour:
      'A call of a client of 2025-11-25 outlives its connection: its token, and no other, takes the stream up where it broke, and the call is made once.',
    source: 'tools.md, MCP',
  },
  'mcp:cancelled': {
    behaviour: 'A call ends when its client cancels it, in both versions of the protocol.',
    source: 'tools.md, MCP',
  },
  'mcp:conformance': {
    behaviour:
      'The endpoint passes the scenarios of the conformance suite of MCP that a server with its own tools can pass.',
    source: 'tools.md, MCP',
  },
  'mcp:conformance-of-tools': {
    behaviour:
      'The server of MCP passes the scenarios of the conformance suite that call tools, where its tools are those of the suite.',
    source: 'tools.md, MCP',
  },
  'mcp:conformance-known': {
    behaviour:
      'Every scenario of the conformance suite of MCP is run, or named with the reason why it does not apply.',
    source: 'tools.md, MCP',
  },
  'mcp:metadata': {
    behaviour:
      'A request without a token is told where the metadata of the endpoint is (RFC 9728).',
    source: 'tools.md, MCP',
  },
  'T32:audience': {
    behaviour:
      'A token of MCP opens its own endpoint alone, and nothing else opens that: no API key, no connect token, no token of a provider.',
    source: 'threats.md, T32',
  },
  'T32:passthrough': {
    behaviour: 'A token of MCP is in no result and no log.',
    source: 'threats.md, T32',
  },
  'T32:header-only': {
    behaviour: 'A token in the URL opens nothing, and is refused beside one in the header.',
    source: 'threats.md, T32',
  },
  'T32:origin': {
    behaviour: 'No page of another origin is answered by an MCP endpoint.',
    source: 'threats.md, T32',
  },
  'T32:host': {
    behaviour:
      'An MCP endpoint answers under the host of the public URL alone, whatever a request says of its own name.',
    source: 'threats.md, T32',
  },
  'T32:revoked': {
    behaviour: 'A token of MCP that was revoked or has ended opens nothing.',
    source: 'threats.md, T32',
  },
  'T32:with-its-key': {
    behaviour: 'A token of MCP ends with the API key that made it.',
    source: 'threats.md, T32',
  },
  'T39:url-names-no-tool': {
    behaviour:
      "Where the operator limits places, neither the URL of an agent nor its token lets it call a tool that is about none of them: only the operator's list of tools does.",
    source: 'threats.md, T39',
  },
  'T39:moved': {
    behaviour:
      'Where places are limited, a redirect to another path of the provider is not followed: what a call names by an allowed path may be elsewhere by now.',
    source: 'threats.md, T39',
  },
  'T39:moved-project': {
    behaviour:
      'A project that was moved out of where a policy allows it is read by none of its names.',
    source: 'threats.md, T39',
  },
  'T40:bounded-asks': {
    behaviour:
      'Asking for an approval takes a place in the window of the connection, and a call that has to wait for one uses no approval up.',
    source: 'threats.md, T40',
  },
  'T40:plain-summary': {
    behaviour:
      'What a person reads before approving is one line, without characters that a terminal obeys or that change the direction of text.',
    source: 'threats.md, T40',
  },
  'T41:folder-file': {
    behaviour:
      'A keywell.env that merely lies in the folder does not say where a credential of the environment goes.',
    source: 'threats.md, T41',
  },
  'T41:terminal': {
    behaviour: 'keywell mcp test prints nothing of a provider that a terminal obeys.',
    source: 'threats.md, T41',
  },
  'T24:terminal': {
    behaviour:
      'keywell mcp sends its credential below the relative root of the instance only, also after a redirect on the same host.',
    source: 'T24',
  },
  'requests:no-echo': {
    behaviour:
      'A credential that comes back in an answer is taken out of it, however JSON writes its characters.',
    source: 'tools.md, One request as a user',
  },
  'T35:mcp-tokens': {
    behaviour: 'A row of a token of MCP that was planted or moved in the database opens nothing.',
    source: 'threats.md, T35',
  },
  'T32:two-users': {
    behaviour: "Two users of one endpoint never see each other's tools or results.",
    source: 'threats.md, T32',
  },
  'tools:as-user': {
    behaviour:
      'A tool is called as the user: a refused call sends nothing and says why, no answer holds the credential, and the audit log has each call.',
    source: 'tools.md, Tools in the service',
  },
  'tools:refused-401': {
    behaviour:
      'A merge that the provider refuses with 401 to a token that it takes is FORBIDDEN, with no refresh; a dead grant is NEEDS_REAUTH.',
    source: 'tools.md, Tools in the service; refresh.md, R10',
  },
  'tools:refused-often': {
    behaviour:
      'A thousand refusals of rights by 401 refresh nothing, and the connection stays active.',
    source: 'tools.md, Sending; refresh.md, R10',
  },
  'tools:outcome-unknown': {
    behaviour:
      'A change that was sent and has no answer is not sent again under its Idempotency-Key: the repeat is a conflict.',
    source: 'tools.md, Changes are made once',
  },
  'replay:result': {
    behaviour:
      'A change is made once under its idempotency key: the same call gets the result again, another one is a conflict.',
    source: 'tools.md, Changes are made once',
  },
  'replay:service': {
    behaviour:
      'The service gives the repeat of a change the sealed result of the first, says so in the audit log, and sends nothing.',
    source: 'tools.md, Changes are made once',
  },
  'replay:same-user': {
    behaviour: 'The result of a change is given to its tenant, user and connection alone.',
    source: 'tools.md, Changes are made once; threats.md, T19',
  },
  'replay:under-way': {
    behaviour: 'The repeat of a change that is under way is told so, and when to ask again.',
    source: 'tools.md, Changes are made once',
  },
  'replay:database-writer': {
    behaviour: 'A row of a change that was altered or moved gives no result, and nothing is sent.',
    source: 'tools.md, Changes are made once; threats.md, T35',
  },
  'replay:ends': {
    behaviour: 'The result of a change goes after 24 hours, and with its tenant.',
    source: 'tools.md, Changes are made once; threats.md, T18',
  },
  'replay:killed': {
    behaviour:
      'A process that is killed after the provider has made a change, and before that is stored, leaves it as not known: the provider is asked once.',
    source: 'tools.md, Changes are made once',
  },
  'replay:unknown': {
    behaviour:
      'The repeat of a change whose outcome is not known names the tool that shows it, and sends nothing.',
    source: 'tools.md, Changes are made once',
  },
  'replay:policy': {
    behaviour:
      'An earlier result is given only to a call that passes every check now, and without what the policy withholds now.',
    source: 'tools.md, Changes are made once',
  },
  'tools:policy': {
    behaviour:
      "A call outside of the tenant's policy, its granted scopes or its window is refused, and nothing is sent.",
    source: 'tools.md, Tools in the service; threats.md, T34',
  },
  'tools:route-list': {
    behaviour:
      'What a user can run now is listed in pages that join without gaps; a name that is not listed says why; a token of a page is of one list.',
    source: 'tools.md, Tools in the service',
  },
  'agent:role': {
    behaviour:
      'An API key of the role agent lists and runs tools, and is refused everything else: to decide or read approvals, to read credentials, to send other requests, to make tokens of MCP, and to manage anything.',
    source: 'tools.md, Approvals',
  },
  'approvals:once': {
    behaviour:
      'An approval holds once, for the tool, arguments, connection and user that it was asked for, and only the app decides it.',
    source: 'tools.md, Approvals',
  },
  'approvals:page': {
    behaviour:
      'Who is signed in at the app sees on the page of the service who asks, for which account, and the exact request, and approves it; the agent then makes that call once.',
    source: 'tools.md, Approvals',
  },
  'e2e:approval-page': {
    behaviour:
      'In a browser, by keyboard alone and with or without a script, the address that an agent has leads through the app’s login to the page of the approval; it learns by itself what others decide; a person who is not signed in sees nothing of the call.',
    source: 'tools.md, Approvals',
  },
  'approvals:events': {
    behaviour:
      'Webhooks of the tenant and of the installation say once that a call waits for a person, and that it was approved, denied or decided by nobody in time; they have ids, and nothing of what is sealed.',
    source: 'tools.md, Approvals',
  },
  'approvals:page-refuse': {
    behaviour:
      'A call that was refused on the page is not made; a decision that comes too late changes nothing.',
    source: 'tools.md, Approvals',
  },
  'T39:agent': {
    behaviour:
      'An agent that has its own API key or token of MCP, and the address of the page, neither approves a call nor gets a link to the page.',
    source: 'threats.md, T39',
  },
  'T39:bare-address': {
    behaviour:
      'The address of the page shows nothing of a call and decides nothing in a browser that the app has not sent there. It says to sign in at the app.',
    source: 'threats.md, T39',
  },
  'T39:other-user': {
    behaviour:
      'A link for another user or tenant than the call’s is refused as for a call that there is not, unless the app says that this person decides for others; a page decides its own call alone.',
    source: 'threats.md, T39',
  },
  'T39:other-browser': {
    behaviour:
      'A link works once, in one browser, within two minutes; what looks ahead does not use it up.',
    source: 'threats.md, T39',
  },
  'T39:foreign-form': {
    behaviour:
      'A form of another site, or without an origin, decides nothing, and the audit log has it.',
    source: 'threats.md, T39',
  },
  'T39:framed': {
    behaviour:
      'The page is framed by none, runs no script but its own, and gives no button the focus.',
    source: 'threats.md, T39',
  },
  'T39:twice': {
    behaviour: 'Of two decisions at the same moment one counts.',
    source: 'threats.md, T39',
  },
  'T39:planted-link': {
    behaviour:
      'A link or a code of the page that was changed or planted in the database opens nothing and raises an alarm.',
    source: 'threats.md, T39',
  },
  'approvals:database-writer': {
    behaviour: 'A row of an approval that was changed in the database approves nothing.',
    source: 'tools.md, Approvals',
  },
  'requests:as-user': {
    behaviour:
      'A backend calls a provider as a user without seeing the credential: it is renewed first, and the audit log has intent and outcome.',
    source: 'tools.md, One request as a user',
  },
  'requests:where': {
    behaviour:
      'No path, query or header of a request decides where a credential goes, or who calls; what would is refused, and nothing is sent.',
    source: 'tools.md, One request as a user; threats.md, T24',
  },
  'requests:redirect': {
    behaviour:
      'A redirect to another origin is followed without the credential, and for what only reads; a write gets it as its answer.',
    source: 'tools.md, One request as a user; threats.md, T24',
  },
  'requests:refused-401': {
    behaviour:
      'A 401 for a token that the provider takes is answered as it came, with no refresh; a dead grant is needs_reauth.',
    source: 'tools.md, One request as a user; refresh.md, R10',
  },
  'requests:read-only': {
    behaviour: 'A tenant that may change nothing has only GET and HEAD sent.',
    source: 'tools.md, One request as a user',
  },
  'sdk:fetch-other-origin': {
    behaviour:
      "No body, and no header but the harmless ones, follows a redirect to another origin, whatever its status and the request's method.",
    source: 'sdk.md, fetch; threats.md, T24',
  },
  'sdk:paused': {
    behaviour:
      'After a pause that the monotonic clock has not seen, nothing held is served until the service was asked.',
    source: 'sdk.md, Freshness',
  },
  'sdk:bridges': {
    behaviour:
      'The clients that the SDK equips send each request with the token that is valid then, to the host of the connection and no other, and again after a 401 with a newer one.',
    source: 'sdk.md, Other clients; threats.md, T24',
  },
  'sdk:fetch': {
    behaviour:
      'A call with a token that was rotated meanwhile is repeated once with the new one; no other origin gets it.',
    source: 'sdk.md, fetch',
  },
  'R10:permission-401': {
    behaviour: 'A 401 that speaks of permission reaches the caller and refreshes nothing.',
    source: 'refresh.md, R10',
  },
  'sdk:tools': {
    behaviour:
      'A tool is run with the connection that the call names, once under its key, and its result is what the service answered.',
    source: 'tools.md, Calls from a backend',
  },
  'sdk:tools-errors': {
    behaviour: 'A tool call that failed throws one error that says why in the words for agents.',
    source: 'tools.md, Calls from a backend',
  },
  'sdk:tools-listed': {
    behaviour:
      'The tools that somebody can run, and those of the catalogue, are read page by page with the same filter.',
    source: 'tools.md, Calls from a backend',
  },
  'sdk:tools-other-spelling': {
    behaviour:
      'Tools are listed as entries and run by `params` or `toolInput`, for the id of a user of the configured tenant.',
    source: 'tools.md, Calls from a backend',
  },
  'sdk:request': {
    behaviour: "Any path of a provider's API is called as the user, by the service.",
    source: 'tools.md, Calls from a backend',
  },
  'sdk:agents': {
    behaviour:
      'An agent of each framework gets the tools with their real schemas, and uses the result of one for the next.',
    source: 'tools.md, Agent frameworks',
  },
  'sdk:agents-errors': {
    behaviour:
      'A tool call that failed is a result that the model can read, and the app is asked where a person has to act.',
    source: 'tools.md, Agent frameworks',
  },
  'sdk:agents-once': {
    behaviour:
      "A call of a conversation that has an id has one idempotency key, of that id and the model's own; without one each call has another.",
    source: 'tools.md, Agent frameworks',
  },
  'sdk:agents-approval': {
    behaviour:
      'A call that waits for a person is made again with its approval once the app says that there is one.',
    source: 'tools.md, Agent frameworks',
  },
  'sdk:frameworks-tried': {
    behaviour:
      'Every framework has been tried in its newest version, on the oldest Node where one runs there and on a newer one; the page about agents says which.',
    source: 'tools.md, Calls from a backend',
  },
  'sdk:agents-whole-way': {
    behaviour:
      'An agent of each framework lists issues and opens another through the service, and sees no token.',
    source: 'tools.md, Agent frameworks',
  },
  'sdk:agents-approved': {
    behaviour:
      'A call of an agent that destroys something is made once a person has approved it, and not before.',
    source: 'tools.md, Agent frameworks',
  },
  'sdk:agents-listed-alone': {
    behaviour: 'An agent runs the tools that were listed for it, and no other.',
    source: 'tools.md, Agent frameworks',
  },
  'sdk:service-down': {
    behaviour: 'With the service down, what is held and valid is served, and the rest says so.',
    source: 'sdk.md, Freshness',
  },
  'T13:dump': {
    behaviour:
      'No secret, in any encoding, in the database, the logs or an answer that is not for it.',
    source: 'threats.md, T13 and T20',
  },
  'T13:write-ahead-log': {
    behaviour: 'No secret, in any encoding, in the log that the database writes for its copies.',
    source: 'threats.md, T13',
  },
  'R1:reader-and-worker': {
    behaviour: 'A reader and the worker that want a refresh at the same moment have one, at once.',
    source: 'refresh.md, The claim',
  },
  'T20:every-stage': {
    behaviour:
      'Whatever the suite does: no secret of it is in the log at any level, in errors, metrics or the database.',
    source: 'vault.md, Secret',
  },
  'T20:sweep': {
    behaviour: 'No secret in metrics, spans, webhooks and errors, also where it was sent astray.',
    source: 'threats.md, T20; vault.md, Secret',
  },
  'disconnect:shutdown': {
    behaviour: 'A stop waits for a withdrawal that is under way, and writes down what came of it.',
    source: 'refresh.md, Shutdown',
  },
  'disconnect:provider-slow': {
    behaviour: 'A slow provider holds up no disconnect; the withdrawal goes on behind the answer.',
    source: 'refresh.md, the outbox',
  },
  'R5:held-until-committed': {
    behaviour:
      'A pair that arrives while the database is away is held, and committed when it is back.',
    source: 'refresh.md, R5',
  },

  // Webhooks
  'webhooks:outbox': {
    behaviour:
      'Each change is sent to every endpoint that listens. A change that was rolled back is sent to none.',
    source: 'refresh.md, The outbox; threats.md, Webhooks',
  },
  'webhooks:killed': {
    behaviour: 'A message whose sender was killed on the way is sent again, under the same id.',
    source: 'refresh.md, R1; threats.md, Webhooks',
  },
  'webhooks:apart': {
    behaviour:
      'A receiver that fails holds back neither other receivers nor the provider on its host.',
    source: 'refresh.md, R11; threats.md, Webhooks',
  },
  'webhooks:dead-letter': {
    behaviour:
      'A message that its endpoint does not accept is tried for a day and a half, kept, and replayed by a call.',
    source: 'threats.md, Webhooks',
  },
  'webhooks:input': {
    behaviour: 'What cannot be a webhook is refused by the name of its field, and changes nothing.',
    source: 'architecture.md, Conventions',
  },
  'webhooks:rotation': {
    behaviour:
      'While a secret is replaced, receivers with the old one and with the new one both verify.',
    source: 'threats.md, Webhooks',
  },
  'webhooks:no-secret': {
    behaviour:
      'No message holds a secret, and the secret of an endpoint is shown once and kept sealed.',
    source: 'threats.md, Webhooks; T13',
  },
  'webhooks:erased-tenant': {
    behaviour:
      'A message about an erased tenant that is still to be sent holds ids and no user, and is deleted once it was sent.',
    source: 'T18',
  },
  'webhooks:tenants': {
    behaviour:
      "A tenant's endpoint receives nothing of another tenant, and another tenant cannot reach it.",
    source: 'T19',
  },
  'T31:changed': {
    behaviour: 'A message that was changed in any part has no effect.',
    source: 'T31; Standard Webhooks, signatures',
  },
  'T31:stale': {
    behaviour: 'A message that was sent more than five minutes ago, or ahead, has no effect.',
    source: 'T31; Standard Webhooks, timestamps',
  },
  'T31:repeated': {
    behaviour:
      'A message that comes again has no effect; one that could not be handled is not lost.',
    source: 'T31; Standard Webhooks, idempotency',
  },
  'T31:inner-target': {
    behaviour: 'No message is sent to an inner address: not by URL, by name, or by redirect.',
    source: 'T31; T23',
  },
  // Faults: real processes that are killed, stopped and cut off
  'kill:points': {
    behaviour:
      'Killed at any point of a refresh, a pair is lost only between two commits, and is named.',
    source: 'refresh.md, What no protocol can do',
  },
  'kill:random': {
    behaviour: 'With replicas killed at random, what is lost was on the wire, and all are named.',
    source: 'refresh.md, R4',
  },
  'kill:lost-answers': {
    behaviour: 'Answers that are dropped after a rotation lose exactly their own connections.',
    source: 'refresh.md, What no protocol can do',
  },
  'rotation:until-used': {
    behaviour:
      'Where a used refresh token stays good until its successor is used, a lost answer is asked for again, and nothing is lost.',
    source: 'refresh.md, Indeterminate outcomes',
  },
  'rotation:grace-family': {
    behaviour:
      'Where a used refresh token works again for a while, a lost answer is asked for again within that time and never after it: nothing is lost, and no family ends.',
    source: 'refresh.md, Indeterminate outcomes',
  },
  'rotation:unannounced': {
    behaviour:
      'A refresh that brings another refresh token, where none is declared, makes the connection one whose refresh token must never be sent twice.',
    source: 'refresh.md, What a provider declares',
  },
  'rotation:new-each-time': {
    behaviour:
      'Where each answer brings another refresh token and the older ones stay good, a lost answer is asked for again.',
    source: 'refresh.md, What a provider declares',
  },
  'renewal:sign-in-again': {
    behaviour:
      'A provider whose policy asks for a new sign-in ends a connection as a refusal does, confirmed and named sign_in_again.',
    source: 'refresh.md, Outcomes',
  },
  'renewal:absolute': {
    behaviour:
      'A grant that ends on its day is announced thirty days and three days before, once each, and ends by the name refresh_expired.',
    source: 'refresh.md, The end of a grant',
  },
  'renewal:told-end': {
    behaviour:
      'What a token answer says of the end of its refresh token counts before what the definition says, and is shown.',
    source: 'refresh.md, The end of a grant',
  },
  'renewal:none': {
    behaviour:
      'A credential that nothing renews is never refreshed, even if it came with a refresh token, and ends by name.',
    source: 'refresh.md, What a provider declares',
  },
  'renewal:probe-only': {
    behaviour:
      'An access token whose end is not known is never refreshed by the clock, but when a probe finds it inactive.',
    source: 'refresh.md, What a provider declares',
  },
  'R1:pauses': {
    behaviour: 'A replica that stands still past its leases loses nothing and sends nothing twice.',
    source: 'refresh.md, R1 and R3',
  },
  'R5:database-restarts': {
    behaviour: 'Postgres crashes: no process ends, all are ready in 3 s, and nothing is lost.',
    source: 'refresh.md, R5',
  },
  'R8:dead-endpoint': {
    behaviour: 'With a dead token endpoint every read answers until the token ends, then 503.',
    source: 'refresh.md, R8',
  },
  'R9:false-refusals': {
    behaviour: 'Spurious refusals among many refreshes ask no user to connect again.',
    source: 'refresh.md, R9',
  },
  'R9:client-refused': {
    behaviour:
      'With a wrong client secret the integration rests, no connection is called dead, and all come back.',
    source: 'refresh.md, herd control',
  },
  'R11:outage': {
    behaviour:
      'A provider that is away with everything due is left alone; valid tokens are served, and all recover.',
    source: 'refresh.md, R11',
  },
  'R14:drain': {
    behaviour: 'SIGTERM under load loses nothing.',
    source: 'refresh.md, R14',
  },
  'disconnect:in-flight-processes': {
    behaviour:
      'The pair that comes for a connection that was removed stands in the outbox of its database.',
    source: 'refresh.md, the outbox',
  },

  // The house
  'house:words': {
    behaviour: 'A word that was given up for the word of the field is used nowhere any more.',
    source: 'architecture.md, Words',
  },
  'house:imports': {
    behaviour: 'A package imports what the table of the architecture allows it, and nothing else.',
    source: 'architecture.md, Parts',
  },
  'house:layers': {
    behaviour: 'Inside the server imports go downwards, and the vault imports nothing of ours.',
    source: 'architecture.md, Parts',
  },
  'house:state': {
    behaviour: 'No module keeps changing state of its own.',
    source: 'architecture.md, Decisions',
  },
  'house:patterns': {
    behaviour:
      'Every regular expression of the product is proved to take linear time, and none is made while it runs.',
    source: 'threats.md, the table',
  },
  'house:ci': {
    behaviour:
      'The one command for all gates ends with honest numbers, and well only if all is well.',
    source: 'architecture.md, Decisions',
  },
  'house:gates': {
    behaviour: 'Every static gate lets a clean package pass and stops a planted fault.',
    source: 'architecture.md, Parts',
  },
  'house:browser-bundle': {
    behaviour: 'The bundle for a browser holds our own code only, and no schema library.',
    source: 'architecture.md, Parts',
  },
  'house:without-react': {
    behaviour: 'The element and the client load no React, and installing them installs none.',
    source: 'without-react.md',
  },
  'house:readme': {
    behaviour: 'Code on our pages compiles against the source, and every command on them is run.',
    source: 'architecture.md, Conventions',
  },
  'house:links': {
    behaviour: 'Every relative link of a page leads to a file, and every anchor to a heading.',
    source: 'architecture.md, Conventions',
  },
  'house:docs-lists': {
    behaviour:
      'The documentation has a heading for each error code, a row for each setting, and none for others.',
    source: 'architecture.md, Conventions',
  },
  'house:docs-providers': {
    behaviour:
      'Each provider of the catalogue has a page that is written from its definition, and is as it is now.',
    source: 'providers.md, The catalogue',
  },
  'house:docs-tools': {
    behaviour:
      'Each group of tools has a page that is written from their definitions, and is as it is now.',
    source: 'tools.md, The table',
  },
  'house:docs-components': {
    behaviour:
      'The page of components has the props, keys, states, parts and custom properties of each component, as its source has them; the guide has each attribute, property and event of the element.',
    source: 'components.md',
  },
  'house:docs-commands': {
    behaviour:
      'The page of commands has each command with its arguments and options, and no other.',
    source: 'commands.md',
  },
  'house:docs-logs': {
    behaviour: 'The page of the log has every message with its level and its fields, and no other.',
    source: 'logs.md',
  },
  'house:docs-routes': {
    behaviour:
      'The page of the HTTP API has each route with its permission, its errors and its audit entry.',
    source: 'architecture.md, Conventions',
  },
  'house:docs-metrics': {
    behaviour: 'The page of the metrics has each metric with its labels, and alarms on no others.',
    source: 'architecture.md, Conventions',
  },
  'house:citations': {
    behaviour:
      'Each page, heading and threat that a promise or a comment cites is in the documentation.',
    source: 'architecture.md, Conventions',
  },
  'house:docs-places': {
    behaviour: 'Each file and function that the documentation leads to exists.',
    source: 'architecture.md, Conventions',
  },
  'house:browser': {
    behaviour:
      'Browser tests run in a browser that keeps origins apart and never leaves the machine.',
    source: 'architecture.md, Conventions',
  },
  'T17:children': {
    behaviour: 'The service starts no process, and no thread of it inherits the environment.',
    source: 'T17',
  },
  'T17:private-files': {
    behaviour:
      'A folder or file for secrets that was there before is tightened with a word when others may open it, and refused when it is a link or of another user.',
    source: 'T17',
  },
  'T17:secret-files': {
    behaviour:
      'Each variable that holds a secret can name a file instead; both at once, or a file that every user may open, is refused.',
    source: 'T17',
  },
  'T17:sdk-secret-files': {
    behaviour:
      'The SDK takes its API key and its webhook secret from files, too; one that every user may open, or of another user, is refused.',
    source: 'T17',
  },
  'T17:start-folder': {
    behaviour:
      '`npm start` closes its folder to other users of the machine, and refuses one that is a link or of another user.',
    source: 'T17',
  },
  'T17:container': {
    behaviour:
      'In its container the service is no root, leaves no core and opens no inspector; no secret is in the environment of a container.',
    source: 'T17',
  },
  'T19:statements': {
    behaviour: 'Every SQL statement is bound to a tenant and contains no text from outside.',
    source: 'T19; architecture.md, Conventions',
  },
  'T20:scrubber': {
    behaviour:
      'No secret is written to the log: by its shape or its name, in errors and their causes.',
    source: 'threats.md, Logs',
  },
  'scrub:patterns': {
    behaviour:
      'A token with what the definition of its provider says to stand in it is redacted, at every level of the log, in messages, fields and errors.',
    source: 'threats.md, Logs',
  },
  'T20:service-log': {
    behaviour: 'What the service writes when it starts, runs or ends holds no secret.',
    source: 'threats.md, Logs',
  },
  'T17:process': {
    behaviour:
      'The service opens no inspector, and does not start where its memory would be written to a file.',
    source: 'T17',
  },
  'T20:expose': {
    behaviour: 'A secret is opened in a few listed places only.',
    source: 'T20; vault.md, Secret',
  },
  'T23:one-exit': {
    behaviour: 'Nothing in the server but outbound opens a connection.',
    source: 'T23; outbound.md, The guard',
  },
  // Outbound calls and their answers
  'T22:tls': {
    behaviour:
      'A host gets no byte before its certificate has passed for its name, whatever the environment says.',
    source: 'T22',
  },
  'T23:literals': {
    behaviour:
      'An address that is not public is refused in every spelling, also inside an IPv6 address.',
    source: 'T23; outbound.md, The guard',
  },
  'T23:urls': {
    behaviour:
      'A URL with another scheme, another port, a user name or a local name is not called.',
    source: 'T23; outbound.md, The guard',
  },
  'T23:names': {
    behaviour:
      'A name is called only if every one of its addresses may be reached, and at one of these.',
    source: 'T23; outbound.md, The guard',
  },
  'T23:rebinding': {
    behaviour: 'A name that turns from a public address to loopback never gets a connection there.',
    source: 'T23; outbound.md, The guard',
  },
  'T23:peer': {
    behaviour: 'A connection that arrives at another address than was checked gets no byte.',
    source: 'T23; outbound.md, The guard',
  },
  'T23:operator-list': {
    behaviour:
      'A private host is reached only at the origin and in the networks that its operator listed.',
    source: 'T23; outbound.md, Private hosts',
  },
  'T23:private-host-tenants': {
    behaviour:
      'A private host that is listed for some tenants is not listed for other tenants or for the installation, nor for any of their sockets.',
    source: 'T23; outbound.md, Private hosts',
  },
  'T23:private-hosts-apart': {
    behaviour:
      'A private host that is listed for providers is no target of webhooks, and one that is listed for webhooks is no host of a provider; no proxy is asked for either.',
    source: 'T23; outbound.md, Private hosts',
  },
  'T23:private-host-owners': {
    behaviour:
      'Integrations, pasted keys and webhooks reach a private host that is listed for their tenant; to any other, and to the installation, it is refused as if it stood in no list.',
    source: 'T23; outbound.md, Private hosts',
  },
  'T23:metadata': {
    behaviour:
      'Link-local and metadata addresses are not reached, whatever the operator has listed.',
    source: 'T23; outbound.md, Private hosts',
  },
  'T23:proxies': {
    behaviour: 'Variables of the environment send no call through a proxy.',
    source: 'T23; outbound.md, An egress proxy',
  },
  'T23:egress-proxy': {
    behaviour:
      'Calls leave by the proxy that is configured, with TLS to the target itself; private hosts are reached directly or not at all.',
    source: 'T23; outbound.md, An egress proxy',
  },
  'T23:egress-proxy-trouble': {
    behaviour:
      'A proxy that refuses, fails, hangs or lies gets no byte of a request, and its password is in no error.',
    source: 'T23; outbound.md, An egress proxy; T20',
  },
  'T23:egress-proxy-everywhere': {
    behaviour:
      'Every kind of call takes the egress proxy; the log says so at the start, and never with its password.',
    source: 'T23; outbound.md, An egress proxy; T20',
  },
  'T24:redirects': {
    behaviour: 'A redirect is never followed, so its target sees neither connection nor header.',
    source: 'T24; outbound.md, Redirects',
  },
  'T25:size': {
    behaviour: 'An answer that does not end is cut off at the bound of its body.',
    source: 'T25; outbound.md, Bounds',
  },
  'T25:compressed': {
    behaviour: 'A compressed answer is cut off where it would unpack beyond the bound.',
    source: 'T25; outbound.md, Bounds',
  },
  'T25:headers': {
    behaviour: 'The headers of an answer are bounded together, trailers and early hints included.',
    source: 'T25; outbound.md, Bounds',
  },
  'T25:time': {
    behaviour: 'An answer that trickles is cut off at the deadline of its call.',
    source: 'T25; outbound.md, Bounds',
  },
  'T25:no-reflection': {
    behaviour: 'No text of an unexpected answer is in the error that reports it.',
    source: 'T25; outbound.md, Bounds',
  },
  // Sealing
  'vault:format': {
    behaviour:
      'A record is, byte for byte, what other implementations of AES-256-GCM and HKDF-SHA-256 make and open.',
    source: 'vault.md, Record format; ASVS 11.2.1',
  },
  'vault:changed-record': {
    behaviour: 'A record with a bit flipped, a byte less or a byte more does not open.',
    source: 'vault.md, what it promises; ASVS 11.3.3',
  },
  'vault:context': {
    behaviour: 'A record opens under the context that it was sealed for, and under no other.',
    source: 'vault.md, Context',
  },
  'vault:randomness': {
    behaviour:
      'Each record has a salt and a nonce of its own; without randomness nothing is sealed.',
    source: 'vault.md, Record format; ASVS 11.3.4',
  },
  'vault:key-states': {
    behaviour:
      'A version of a key that is retired seals nothing, and one that is disabled or destroyed opens nothing.',
    source: 'vault.md, Tables; ASVS 11.2.2',
  },
  'house:security-page': {
    behaviour: 'SECURITY.md cites only requirements that exist, and promises nothing without one.',
    source: 'architecture.md, Conventions',
  },
  'T35:install': {
    behaviour: 'An installation runs no script, and gets exactly what the lockfile says.',
    source: 'architecture.md, Conventions',
  },
  // Keeping, as a model
  'methods:several': {
    behaviour:
      'A provider may have several methods of one kind: each has an app of its own, a flow names one or takes the first that can be used, and its connection says which it was.',
    source: 'providers.md, Methods',
  },
  'methods:moved-row': {
    behaviour: 'A credential whose row names another method of its provider does not open.',
    source: 'providers.md, Methods',
  },
  'methods:removed': {
    behaviour:
      'Connections of a method that an edited definition does not have any more say so, and those of the others are read on; once it is back, they are read as before.',
    source: 'providers.md, Methods',
  },
  'owner:explicit': {
    behaviour:
      'A request names a user or, in so many words, the tenant: one that names neither or both, as by a variable that is missing, is refused.',
    source: 'connect.md, For the whole tenant',
  },
  'owner:lists': {
    behaviour:
      'Connections of a tenant and of its users are listed, connected again and disconnected apart, also under one name.',
    source: 'connect.md, For the whole tenant',
  },
  'owner:fallback': {
    behaviour:
      "A read that allows it gets the tenant's connection where the user has none, never past one that she has to connect again, and never another tenant's.",
    source: 'connect.md, For the whole tenant',
  },
  'owner:session': {
    behaviour:
      "A connect session neither reconnects nor replaces a tenant's connection unless it was made for the tenant, and none is made so afterwards.",
    source: 'connect.md, For the whole tenant',
  },
  'owner:limited-key': {
    behaviour:
      "A key that is limited to tenants reads no other tenant's connection, by a fallback neither.",
    source: 'connect.md, For the whole tenant',
  },
  'owner:cache': {
    behaviour:
      "The SDK keeps the credentials of a tenant and of its users apart, and a fallback to the tenant's ends within a second once the user has connected her own.",
    source: 'connect.md, For the whole tenant',
  },
  'owner:sealed': {
    behaviour:
      "A tenant's credential does not open as a user's; log, audit log and messages name no user of it.",
    source: 'connect.md, For the whole tenant',
  },
  'model:invariants': {
    behaviour:
      'In every interleaving of two workers, a reader, a provider and a user, with crashes, pauses and lost answers: no false death, no pair thrown away, no repeat without a doubt, no valid token unserved, every loss named, always a way out.',
    source: 'refresh.md, States; R1; R2; R4; R8; R9',
  },
  'model:dormant': {
    behaviour:
      'In every interleaving of a connection that is not refreshed ahead of its expiry, a read leads to a new token, and all that holds of the others holds of it.',
    source: 'refresh.md, Dormant connections',
  },
  'model:minted': {
    behaviour:
      'In every interleaving of a connection whose access tokens are minted, nothing is lost by a crash, a lost answer or a suspension, none of them is taken for a reason to end it, and there is always a way out.',
    source: 'refresh.md, Minting',
  },
  'model:mirror': {
    behaviour: 'What the model says of the database is what its statements do, on both databases.',
    source: 'refresh.md, The claim',
  },
  'model:incident': {
    behaviour:
      'Where many connections share an integration, no walk through a time in which the provider refuses every connection ends one whose pair is valid, and each has a way out.',
    source: 'refresh.md, A provider-wide incident',
  },
  'model:planted-faults': {
    behaviour: 'Each rule of keeping that is left out is missed: a shortest trace shows the harm.',
    source: 'architecture.md, Conventions',
  },
  // Keeping, in one process
  'keep:ahead': {
    behaviour: 'A connection that is due is refreshed ahead of its end, although it is not read.',
    source: 'refresh.md, The claim',
  },
  'R4:intent-first': {
    behaviour: 'Attempt and doubt are durable before a byte is sent.',
    source: 'R4',
  },
  'audit:quiet-refresh': {
    behaviour:
      'A background refresh that succeeds leaves no audit entry; one that fails, and one that recovers a degraded connection, leaves its own, and so does one that a read waits for.',
    source: 'audit.md, Refreshes',
  },
  'audit:refreshes': {
    behaviour:
      'With `KEYWELL_AUDIT_REFRESHES=true` the intent of a background refresh is audited before a byte is sent, and its success with the commit.',
    source: 'audit.md, Refreshes',
  },
  'R3:detached': {
    behaviour: 'An answer that comes after the deadline is taken, and nothing is sent meanwhile.',
    source: 'R3',
  },
  'R1:paused-before-sending': {
    behaviour: 'A process that was paused between its claim and the first byte does not send.',
    source: 'R1; refresh.md, The claim',
  },
  'R2:overtaken': {
    behaviour:
      'A pair that comes when the generation has moved is kept aside and overwrites nothing.',
    source: 'R2',
  },
  'R2:removed': {
    behaviour:
      'A pair that comes for a connection that was removed is stored nowhere but to be withdrawn.',
    source: 'refresh.md, The outbox',
  },
  'keep:dormant-daily': {
    behaviour:
      'A connection that no backend has read for `dormantAfterDays` is renewed once a day and not probed; its next read waits for a token that lives, and from then on it is renewed ahead again.',
    source: 'refresh.md, Dormant connections',
  },
  'keep:dormant-wakes': {
    behaviour:
      "A read of a dormant connection whose token still lives is answered with it, a conditional read as well, and the connection is renewed ahead of that token's end.",
    source: 'refresh.md, Dormant connections',
  },
  'keep:dormant-revoked': {
    behaviour:
      'A grant that is withdrawn from a dormant connection is noticed at its daily renewal.',
    source: 'refresh.md, Dormant connections',
  },
  'keep:idle-lifetime': {
    behaviour:
      'A connection is renewed within half of the time after which its provider ends an unused refresh token.',
    source: 'refresh.md, Dormant connections',
  },
  'keep:read-in-flight': {
    behaviour: 'A dormant connection that is read while its daily renewal is on its way is in use.',
    source: 'refresh.md, Dormant connections',
  },
  'keep:reconnected-in-flight': {
    behaviour: 'A pair of the grant before a new consent never takes the place of the new one.',
    source: 'refresh.md, The outbox; T8',
  },
  'keep:one-outage': {
    behaviour:
      'However often it fails, an outage is reported once as degraded and once as recovered.',
    source: 'refresh.md, States',
  },
  'keep:doubt-waits': {
    behaviour:
      'After an attempt without an outcome the same token goes out only when it is known to be unused.',
    source: 'refresh.md, Indeterminate outcomes',
  },
  'health:revoked-by-user': {
    behaviour:
      'A grant that its user withdrew is found by a probe, reported, audited and not served.',
    source: 'refresh.md, Health checks',
  },
  'health:never-revokes': {
    behaviour: 'A probe that is answered 403, 404, 429 or 5xx ends nothing and refreshes nothing.',
    source: 'R10',
  },
  'health:schedule': {
    behaviour: 'What is in use is looked at every 15 minutes, the rest every 6 hours, within 20 %.',
    source: 'refresh.md, Health checks',
  },
  'health:account-updated': {
    behaviour:
      'The name, username and picture of an account are looked at daily, and a difference is stored, and reported once by the change log and webhooks.',
    source: 'connect.md, The flow',
  },
  'health:another-account': {
    behaviour:
      'A token that the provider says is of another account takes nothing over: the connection is degraded for that reason until the right account is named, with one alarm.',
    source: 'connect.md, The flow; T8',
  },
  'health:scopes-told': {
    behaviour: 'Scopes that a probe finds to be others are stored and reported once.',
    source: 'refresh.md, Health checks',
  },
  'sdk:updated-is-kept': {
    behaviour: 'A change of the account or of its scopes evicts no credential from a cache.',
    source: 'sdk.md',
  },
  'health:without-refresh-token': {
    behaviour: 'A token that cannot be refreshed is given up when a second look finds it dead.',
    source: 'refresh.md, Health checks',
  },
  'health:ends-by-name': {
    behaviour:
      'A token that nothing renews says so when it is connected, and is called expired when its end has come.',
    source: 'refresh.md, Health checks',
  },
  'keep:client-refused': {
    behaviour:
      'A refused client suspends its integration, not a connection, and ends when it is mended.',
    source: 'refresh.md, Outcomes',
  },
  'keep:client-replaced': {
    behaviour: 'A refusal of a client that has been replaced meanwhile suspends nothing.',
    source: 'refresh.md, Outcomes',
  },
  'disconnect:outbox': {
    behaviour:
      'A disconnect is local at once; the provider is notified once, when it can be reached.',
    source: 'refresh.md, The outbox',
  },
  'keep:one-odd-connection': {
    behaviour: 'One connection whose request is always wrong does not hold up its integration.',
    source: 'refresh.md, Outcomes',
  },
  'R9:served-while-it-lives': {
    behaviour: 'Refusals end no connection while its access token lives.',
    source: 'R8; R9',
  },
  'incident:ends-nobody': {
    behaviour:
      'While a provider refuses every connection, none ends: health says `provider_incident`, tokens with time left are served, one alarm is raised, and all are well when it answers again.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:rule': {
    behaviour:
      'A connection ends by a clear refusal if few share its integration, or others are answered well between two refusals; more than ten refusals among the last 21 answers are an incident, and so are ten minutes without a good answer.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:mass-revocation': {
    behaviour:
      'If all grants are gone, their connections end as withdrawn after an hour in which every connection was refused, or when an operator says so.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:other-tenants': {
    behaviour:
      'A tenant whose grants are all withdrawn holds its own connections, and no other tenant’s.',
    source: 'T36; refresh.md, A provider-wide incident',
  },
  'incident:fleet': {
    behaviour:
      'While a provider refuses every connection, several replicas end none of them, ask within their budget, and have fresh tokens after it. A real withdrawal is accepted in the end.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:colluding-tenants': {
    behaviour:
      'Three tenants that withdraw all their grants at once end no other tenant’s connections, and hold them no longer than it takes to ask a few of them.',
    source: 'T36; refresh.md, A provider-wide incident',
  },
  'incident:over-at-once': {
    behaviour:
      'After a good answer in an incident the next connection is asked at once, and when it is over no pause that has grown meanwhile is waited for.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:ends-side-by-side': {
    behaviour:
      'Connections whose grants are known to be gone end side by side, and wait for no lock of their integration.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:told-once': {
    behaviour:
      'An incident is reported in one message when it is opened and one when it is over, and in none for each connection that it holds: to the installation, and to tenants that have a connection there.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:told-to-its-own': {
    behaviour:
      'An incident that only one tenant’s connections have is reported to the installation, and to no other tenant.',
    source: 'T36; refresh.md, A provider-wide incident',
  },
  'incident:operator': {
    behaviour:
      'An operator lists incidents, releases or confirms one by route and by command; a key of a tenant may not, and both acts are audited.',
    source: 'refresh.md, A provider-wide incident',
  },
  'incident:asked-in-turn': {
    behaviour:
      'While a host refuses every connection, one of its connections is asked at a time, by all replicas and for all integrations together; reads do not ask either.',
    source: 'refresh.md, A provider-wide incident',
  },

  // What an operator sees
  'metrics:values': {
    behaviour:
      'What happens is counted once: refreshes by outcome, probes, reads, streams, webhooks, withdrawals, ends of connections.',
    source: 'refresh.md, Herd control; T20',
  },
  'metrics:breaker': {
    behaviour: 'A host whose breaker has opened is reported with its name and state.',
    source: 'refresh.md, Herd control',
  },
  'metrics:access': {
    behaviour: '/metrics is for callers with an API key, and for no browser.',
    source: 'threats.md, API keys',
  },
  'metrics:database-away': {
    behaviour:
      'With the database away, metrics are answered without its numbers, and say that it is away.',
    source: 'refresh.md, R5',
  },
  'tracing:spans': {
    behaviour:
      'A read and what it causes are spans in the trace of the backend that asked, and of no caller without a key.',
    source: 'T20; W3C Trace Context',
  },
  'T20:telemetry': {
    behaviour:
      'No secret, no path and no id of a tenant, user or connection is in /metrics or in a span.',
    source: 'T20',
  },
  'T20:labels': {
    behaviour:
      'However many hosts are called, the labels are bounded, and no host identifies a tenant.',
    source: 'T20',
  },
  'R7:clock-skew': {
    behaviour:
      'A clock more than 5 s away from the database raises an alarm within a minute; a slow answer does not.',
    source: 'R7',
  },
  'service:roles': {
    behaviour:
      'A worker keeps connections alive and answers of its own health alone; who serves keeps none alive.',
    source: 'refresh.md, R14',
  },
  // API keys that users made by hand
  'keys:path': {
    behaviour:
      'A key that a user made by hand is asked whose it is, stored, read with its header, and works upstream.',
    source: 'connect.md, other ways in',
  },
  'keys:refused': {
    behaviour:
      'A key that the provider refuses, or does not answer for, is not stored, and is not shown in what is said of it.',
    source: 'connect.md, other ways in',
  },
  'keys:hosts': {
    behaviour: 'A key is sent to no host that neither an integration nor the operator has named.',
    source: 'T23; outbound.md, Private hosts',
  },
  'keys:bad-requests': {
    behaviour: 'A key that fits into no header, and a request that is malformed, is sent nowhere.',
    source: 'architecture.md, Wire format',
  },
  'keys:in-place': {
    behaviour:
      'A new key replaces what stands under the same name, for the same account; a grant that stood there is withdrawn.',
    source: 'T8; connect.md, the flow',
  },
  'keys:other-account': {
    behaviour: 'A key of another account than the connected one changes nothing.',
    source: 'T8',
  },
  'keys:dead': {
    behaviour:
      'A key that was revoked at the provider is suspected by one look, given up by the second, and mended by a new one.',
    source: 'refresh.md, health checks',
  },
  'keys:never-ended-by-trouble': {
    behaviour: '403, 404, 5xx and a 401 of something in between end no key.',
    source: 'refresh.md, health checks',
  },
  'keys:reported-401': {
    behaviour:
      'A reported 401 on a key leads to a look, and only two that find it dead end it; nothing refreshes it.',
    source: 'refresh.md, R10',
  },
  'keys:end': {
    behaviour:
      'A key is read until its end, looked at when that has come, and then called expired.',
    source: 'refresh.md, health checks',
  },
  'keys:schedule': {
    behaviour: 'A key is looked at hourly while it is in use, else daily.',
    source: 'refresh.md, health checks',
  },
  'keys:disconnect': {
    behaviour:
      'Disconnecting a key deletes it here, leaves it alone at the provider, and says where to remove it.',
    source: 'refresh.md, the outbox',
  },
  'keys:sealed': {
    behaviour: 'A sealed key opens as a key of its own connection, and as nothing else.',
    source: 'T14; vault.md, Context',
  },
  'keys:sdk': {
    behaviour:
      'A backend stores a key through the SDK, as text or as a secret, and reads it like any other credential.',
    source: 'sdk.md',
  },
} satisfies Record<string, Requirement>

export type RequirementId = keyof typeof requirements

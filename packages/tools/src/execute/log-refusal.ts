import { isKeywellError } from '@keywell/protocol'
import { findTool } from '../catalogue.ts'
import type { CallRecord, ToolPorts } from './ports.ts'

/** A call that is refused by what runs goes into the audit log, with `record` where it was checked before. */
export async function loggingRefusal<Result>(
  ports: Pick<ToolPorts, 'refused'>,
  tool: string,
  run: () => Promise<Result>,
  record?: CallRecord,
): Promise<Result> {
  try {
    return await run()
  } catch (error) {
    if (isKeywellError(error) && error.tool !== undefined) {
      await ports.refused(findTool(tool) ?? error.tool.name, { result: error.tool.code }, record)
    }
    throw error
  }
}

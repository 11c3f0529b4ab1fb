/** `npx sluice`: the operator's commands. */
import { CommanderError } from 'commander';
import { UsageError } from '../local/common/settings.ts';
import { withMarkedKeys } from './arguments.ts';
import { CommandFailure, codeOf } from './failure.ts';
import { buildProgram } from './program.ts';
import { complain } from './terminal.ts';

const FAILED = 1;
const USAGE = 2;

// A word of the SDK to those who deploy with it, and not about this pipeline.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
// The reader closed the pipe (`| head`).
process.stdout.on('error', (error) => {
  if (codeOf(error) !== 'EPIPE') throw error;
  process.exit();
});

try {
  const argv = withMarkedKeys(process.argv);
  const program = await buildProgram(argv.slice(2));
  await program.parseAsync(argv);
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : USAGE;
  } else if (error instanceof CommandFailure || error instanceof UsageError) {
    complain(error.message);
    process.exitCode = FAILED;
  } else {
    throw error;
  }
}

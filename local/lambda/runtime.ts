/**
 * The program of a function's process: what Lambda's Node.js runtime is on AWS. It loads one function's code and
 * serves one invocation at a time. It is bundled to a single file and forked by the pool, and so imports nothing of
 * the project but types.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FromChild, FunctionError, InitMessage, InvokeMessage, ToChild } from './protocol.ts';

type Handler = (event: unknown, context: object) => unknown;

/** Lambda's exit status after an exception that nobody caught. */
const UNCAUGHT_EXIT = 129;

/** A fault of the function's package, with the name that Lambda gives it. */
class RuntimeFault extends Error {
  constructor(name: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = name;
    // The place that matters is where the user's code went wrong, not where this program noticed.
    if (cause instanceof Error && cause.stack !== undefined) this.stack = cause.stack;
  }
}

const ipcSend = process.send?.bind(process);
if (ipcSend === undefined) {
  process.stderr.write('This program is started by the local run (local/lambda/pool.ts), not by hand.\n');
  process.exit(2);
}
// Lambda's functions have no such channel; one that looks for it must not find ours.
delete process.send;

const send = (message: FromChild, done?: () => void): void => {
  ipcSend(message, undefined, undefined, () => done?.());
};

const toFunctionError = (thrown: unknown): FunctionError =>
  thrown instanceof Error
    ? { errorType: thrown.name, errorMessage: thrown.message, stackTrace: (thrown.stack ?? '').split('\n') }
    : { errorType: typeof thrown, errorMessage: String(thrown), stackTrace: [] };

let requestId = '';

const report = (label: string, error: FunctionError): void => {
  process.stderr.write(
    `${new Date().toISOString()}\t${requestId}\tERROR\t${label}\t${JSON.stringify(error)}\n`,
  );
};

/** Resolves when what was written to a stream has left the process: after it, the process may be frozen. */
const flushed = (stream: NodeJS.WriteStream): Promise<void> =>
  stream.writableLength === 0 || stream.destroyed
    ? Promise.resolve()
    : new Promise((resolve) => {
        stream.write('', () => resolve());
      });

const exists = async (file: string): Promise<boolean> => {
  try {
    await access(file);
    return true;
  } catch {
    // Which error it is does not matter: a file that cannot be read cannot be loaded.
    return false;
  }
};

const loadModule = async (codeDir: string, name: string): Promise<Record<string, unknown>> => {
  for (const ending of ['.mjs', '.js', '.cjs']) {
    const file = join(codeDir, name + ending);
    if (!(await exists(file))) continue;
    try {
      return (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new RuntimeFault('Runtime.UserCodeSyntaxError', `SyntaxError: ${error.message}`, error);
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
        throw new RuntimeFault('Runtime.ImportModuleError', `Error: ${(error as Error).message}`, error);
      throw error;
    }
  }
  throw new RuntimeFault('Runtime.ImportModuleError', `Error: Cannot find module '${name}' in ${codeDir}`);
};

const loadHandler = async ({ codeDir, handler }: InitMessage): Promise<Handler> => {
  const dot = handler.lastIndexOf('.');
  if (dot <= 0)
    throw new RuntimeFault('Runtime.MalformedHandlerName', `Bad handler '${handler}'; use <file>.<export>`);
  const found = (await loadModule(codeDir, handler.slice(0, dot)))[handler.slice(dot + 1)];
  if (found === undefined)
    throw new RuntimeFault('Runtime.HandlerNotFound', `${handler} is undefined or not exported`);
  if (typeof found !== 'function')
    throw new RuntimeFault('Runtime.HandlerNotFound', `${handler} is not a function`);
  if (found.length >= 3)
    throw new RuntimeFault(
      'Runtime.CallbackHandlerDeprecated',
      `${handler} takes a callback, which Lambda's Node.js 24 does not support; make it async`,
    );
  return found as Handler;
};

const toContext = (init: InitMessage, invoke: InvokeMessage): object => ({
  functionName: init.functionName,
  functionVersion: '$LATEST',
  invokedFunctionArn: invoke.invokedArn,
  memoryLimitInMB: String(init.memoryMb),
  awsRequestId: invoke.requestId,
  logGroupName: `/aws/lambda/${init.functionName}`,
  logStreamName: `local/[$LATEST]${String(process.pid)}`,
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => Math.max(0, invoke.deadline - Date.now()),
});

/** Undefined for what JSON has no form for: undefined itself, a function. The library's type leaves that out. */
const toJson = (value: unknown): string | undefined => JSON.stringify(value);

const stringify = (answer: unknown): string => {
  try {
    return toJson(answer) ?? 'null';
  } catch (error) {
    throw new RuntimeFault('Runtime.MarshalError', 'Unable to stringify response body', error);
  }
};

const invoke = async (handler: Handler, init: InitMessage, message: InvokeMessage): Promise<void> => {
  requestId = message.requestId;
  let reply: FromChild;
  try {
    const payload = stringify(await handler(JSON.parse(message.event), toContext(init, message)));
    reply = { type: 'result', requestId, payload, rss: process.memoryUsage.rss() };
  } catch (thrown) {
    const error = toFunctionError(thrown);
    report('Invoke Error', error);
    reply = { type: 'error', requestId, error, rss: process.memoryUsage.rss() };
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  send(reply);
};

const end = (label: string, error: FunctionError): void => {
  report(label, error);
  send({ type: 'fatal', error }, () => process.exit(UNCAUGHT_EXIT));
};

process.on('uncaughtException', (thrown) => {
  const { errorType, errorMessage, stackTrace = [] } = toFunctionError(thrown);
  report('Uncaught Exception', { errorType, errorMessage, stackTrace });
  send(
    {
      type: 'fatal',
      error: {
        errorType: 'Runtime.ExitError',
        errorMessage: `RequestId: ${requestId} Error: Runtime exited with error: exit status ${String(UNCAUGHT_EXIT)}`,
        stackTrace: stackTrace.length > 0 ? stackTrace : [`${errorType}: ${errorMessage}`],
      },
    },
    () => process.exit(UNCAUGHT_EXIT),
  );
});
process.on('unhandledRejection', (reason) => {
  const { stackTrace = [] } = toFunctionError(reason);
  const error = { errorType: 'Runtime.UnhandledPromiseRejection', errorMessage: String(reason), stackTrace };
  end('Unhandled Promise Rejection', error);
});

// Ctrl-C at a terminal and a service manager's stop reach the whole process group. The parent decides when its
// functions end: an invocation that is cut off by such a signal would count as a crash of the user's code.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

process.on('disconnect', () => process.exit(0));

let serving: { readonly init: InitMessage; readonly handler: Handler } | undefined;

const receive = async (message: ToChild): Promise<void> => {
  if (message.type === 'invoke') {
    if (serving !== undefined) await invoke(serving.handler, serving.init, message);
    return;
  }
  try {
    serving = { init: message, handler: await loadHandler(message) };
  } catch (error) {
    end('Init Error', toFunctionError(error));
    return;
  }
  send({ type: 'ready' });
};

process.on('message', (message) => {
  // The other end is the pool of the same version: it sends nothing else.
  void receive(message as ToChild);
});

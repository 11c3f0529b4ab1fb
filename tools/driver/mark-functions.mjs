/**
 * For a module that is preloaded into the local run's process: each of its functions calls AWS with a session token that names it. Plain
 * JavaScript, since such a module is loaded before the loader for TypeScript.
 */
import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/** @param mark what the token begins with; the function's name is behind it */
export const markFunctions = (mark) => {
  const { fork } = childProcess;
  childProcess.fork = (modulePath, args, options) => {
    const name = options?.env?.AWS_LAMBDA_FUNCTION_NAME;
    if (name === undefined) return fork(modulePath, args, options);
    return fork(modulePath, args, {
      ...options,
      env: { ...options.env, AWS_SESSION_TOKEN: `${mark}${name}` },
    });
  };
  syncBuiltinESMExports();
};

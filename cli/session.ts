/** What the operator's commands have in common: which pipeline, and in which form the answer is shown. */
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { readRunFile } from '../local/run/run-file.ts';
import { controlClient, type Ask } from './client.ts';
import { localDataDir } from './local-data-dir.ts';
import { colors, print, printJson, type Colors } from './terminal.ts';
import { localTransport, stackDataPlane, stackTransport, type StackOptions } from './transport.ts';

export interface SessionOptions {
  readonly stack?: string;
  readonly pipeline?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly as?: string;
  readonly json?: boolean;
}

/** What a view needs besides the values. */
export interface View {
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly colors: Colors;
  /** A command for the same pipeline, to copy: `resume crm` becomes `npx sluice resume crm --stack Sluice`. */
  readonly command: (text: string) => string;
  /** The command that deploys. */
  readonly deploy: string;
}

export interface Session {
  readonly ask: Ask;
  readonly view: View;
  /** Where the pipeline runs, for a report. */
  readonly target: string;
  /** Undefined: it is the local run. */
  readonly stack: StackOptions | undefined;
  /** The URL that SDKs are given. @throws CommandFailure when the stack does not say it */
  readonly dataPlane: () => Promise<string>;
  /** The directory of the functions' logs, if they are on this machine. */
  readonly logs: string | undefined;
  /** Prints the result as JSON, or what it means. */
  readonly show: (result: unknown, text: () => string) => void;
}

/** Adds the options that every operator's command has. */
export const addSessionOptions = (command: Command): Command =>
  command
    .option('--stack <name>', 'the pipeline of this stack on AWS; without it, the local run')
    .option('--pipeline <id>', "of --stack: the construct's id, where the stack has several pipelines")
    .option('--region <region>', "the stack's region, if it is not the default one")
    .option('--profile <profile>', 'the AWS profile, if it is not the default one')
    .option(
      '--as <name>',
      'who asks, for the records; by default SLUICE_OPERATOR, or the user and the name of this machine',
    )
    .option('--json', 'print the result as JSON, for programs');

/** A container may have a user without a name. */
const operator = (): string => {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return hostname();
  }
};

/** @throws CommandFailure when no local run is up; an unknown stack is found out with the first question */
export const openSession = async (command: Command): Promise<Session> => {
  const { stack, pipeline, region, profile, as, json = false } = command.opts<SessionOptions>();
  if (stack === undefined && [pipeline, region, profile].some((option) => option !== undefined)) {
    command.error('error: --pipeline, --region and --profile belong to --stack <name>', { exitCode: 2 });
  }
  const aws = {
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
  };
  const found = stack === undefined ? localDataDir() : undefined;
  const transport =
    found === undefined ? stackTransport({ stack: stack ?? '', ...aws }) : await localTransport(found);
  // It is there: its transport is.
  const dataDir = await found;
  const suffix = Object.entries({ ...(stack === undefined ? {} : { stack }), ...aws })
    .map(([name, value]) => ` --${name} ${value}`)
    .join('');
  return {
    ask: controlClient(transport, as ?? process.env['SLUICE_OPERATOR'] ?? operator()),
    target: stack === undefined ? 'local run' : `stack ${stack}`,
    stack: stack === undefined ? undefined : { stack, ...aws },
    dataPlane: async () =>
      dataDir === undefined
        ? stackDataPlane({ stack: stack ?? '', ...aws })
        : (await readRunFile(dataDir)).dataPlaneUrl,
    logs: dataDir === undefined ? undefined : join(dataDir, 'logs'),
    view: {
      now: Date.now(),
      colors,
      command: (text) => `npx sluice ${text}${suffix}`,
      deploy: stack === undefined ? 'npx sluice redeploy' : 'npx cdk deploy',
    },
    show: (result, text) => {
      if (json) printJson(result);
      else print(text());
    },
  };
};

/** Which records `rejected retry` and `rejected delete` mean: one by its id, or those of a stage that match. */
import type { Command } from 'commander';
import { time } from '../arguments.ts';
import { addPersonOptions, type PersonOptions } from '../person.ts';

export interface Which extends PersonOptions {
  readonly stage?: string;
  readonly reason?: string;
  readonly since?: string;
  readonly until?: string;
}

export const addMatching = (command: Command): Command =>
  addPersonOptions(command)
    .argument('[stage]', "ingest, router, or a destination's id")
    .argument('[id]', 'as `list` shows it')
    .option('--stage <stage>', 'instead of the argument')
    .option('--reason <text>', 'a status that the destination answered, or a part of the reason')
    .option('--since <time>', 'accepted from then on: 2026-11-22T10:00:00Z, or 2h for two hours ago', time)
    .option('--until <time>', 'accepted before then', time);

/** Of the argument or the option; ends the command when they differ. */
export const stageOf = (
  command: Command,
  first: string | undefined,
  named: string | undefined,
): string | undefined => {
  if (first !== undefined && named !== undefined && first !== named)
    return command.error('error: name one stage: ingest, router, or the id of a destination', {
      exitCode: 2,
    });
  return first ?? named;
};

/** Ends the command with what is wrong, when it names no stage, or neither a record nor what must match. */
export const choice = (
  command: Command,
  first: string | undefined,
  id: string | undefined,
  { stage: named, reason, since, until }: Which,
): { readonly stage: string; readonly matching: Pick<Which, 'reason' | 'since' | 'until'> } => {
  const fail = (message: string): never => command.error(`error: ${message}`, { exitCode: 2 });
  const stage = stageOf(command, first, named);
  if (stage === undefined) return fail('name one stage: ingest, router, or the id of a destination');
  const matching = {
    ...(reason === undefined ? {} : { reason }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  if ((id === undefined) === (Object.keys(matching).length === 0))
    return fail('name either the id of a record, or --reason, --since or --until, or the user with --user');
  return { stage, matching };
};

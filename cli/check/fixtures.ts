/** Events from the files of a directory: of their own making, or recorded from an SDK. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { CheckedEvent } from '../../contract/transform-check.ts';
import { CommandFailure, messageOf } from '../failure.ts';

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @returns undefined when it is neither an event, nor a list of events, nor the body of an SDK's request */
const eventsIn = (content: unknown): readonly Json[] | undefined => {
  const batch = isObject(content) && Object.hasOwn(content, 'batch') ? content['batch'] : content;
  const list: readonly unknown[] = Array.isArray(batch) ? batch : [batch];
  return list.every(isObject) ? list : undefined;
};

/** Adds what ingest would add, where it is missing. */
const stamped = (event: Json, name: string, now: string): CheckedEvent => {
  const id = event['messageId'];
  const original = event['originalTimestamp'] ?? now;
  return {
    ...event,
    messageId: typeof id === 'string' && id.trim() !== '' ? id : name,
    rudderId: event['rudderId'] ?? '00000000-0000-4000-8000-000000000000',
    receivedAt: event['receivedAt'] ?? now,
    request_ip: event['request_ip'] ?? '127.0.0.1',
    originalTimestamp: original,
    sentAt: event['sentAt'] ?? now,
    timestamp: event['timestamp'] ?? original,
  };
};

const readFixture = async (file: string): Promise<readonly Json[]> => {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new CommandFailure(`${file} cannot be read: ${messageOf(error)}`, { cause: error });
  });
  return parseFixture(content, file);
};

const parseFixture = (json: string, file: string): readonly Json[] => {
  let content: unknown;
  try {
    content = JSON.parse(json);
  } catch (error) {
    throw new CommandFailure(`${file} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  const events = eventsIn(content);
  if (events !== undefined) return events;
  throw new CommandFailure(`${file}: expected an event, a list of events, or { "batch": [...] }`);
};

/** @param name of an event without a `messageId` */
const stampedAll = (events: readonly Json[], name: string, now: string): CheckedEvent[] =>
  events.map((event, i) => stamped(event, events.length === 1 ? name : `${name}[${i}]`, now));

/**
 * The events of one file, as they are written.
 * @param file `-`: standard input
 * @throws CommandFailure that names the file
 */
export const readRawEvents = async (file: string): Promise<readonly Json[]> => {
  const name = file === '-' ? 'standard input' : file;
  const events = file === '-' ? parseFixture(await text(process.stdin), name) : await readFixture(file);
  if (events.length > 0) return events;
  throw new CommandFailure(`${name} has no events; write an event, a list of events, or { "batch": [...] }`);
};

/**
 * The events of one file, as they are when ingest has taken them in.
 * @param file `-`: standard input
 * @param now ISO 8601; the times of an event that has none
 * @throws CommandFailure that names the file
 */
export const readEvents = async (file: string, now: string): Promise<readonly CheckedEvent[]> =>
  stampedAll(await readRawEvents(file), file === '-' ? 'event' : basename(file), now);

/**
 * The events of every `*.json` of a directory, by the names of the files. An event without a `messageId` is named after its file.
 * @param now ISO 8601; the times of an event that has none
 * @throws CommandFailure that names the file
 */
export const readFixtures = async (directory: string, now: string): Promise<readonly CheckedEvent[]> => {
  const names = await readdir(directory).catch((error: unknown) => {
    throw new CommandFailure(
      `${directory} cannot be read (${messageOf(error)}); name a directory of *.json files in --fixtures`,
      { cause: error },
    );
  });
  const events: CheckedEvent[] = [];
  for (const name of names.filter((one) => one.endsWith('.json')).sort()) {
    events.push(...stampedAll(await readFixture(join(directory, name)), name, now));
  }
  if (events.length > 0) return events;
  throw new CommandFailure(
    `${directory} has no events; put *.json files there, each an event, a list of events, or { "batch": [...] }`,
  );
};

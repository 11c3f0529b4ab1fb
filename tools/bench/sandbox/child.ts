/** The process that measures one part of the sandbox. It is bundled and run by plain Node, as a function's code is. */
import { measureEnds } from './ends.ts';
import { measureMemory } from './memory.ts';
import type { Answers, Request } from './protocol.ts';
import { measureSpeed } from './speed.ts';
import { measureStarts } from './starts.ts';

const PARTS: { readonly [part in keyof Answers]: (request: Request) => Promise<Answers[part]> } = {
  speed: ({ place }) => measureSpeed(place),
  starts: ({ place }) => measureStarts(place),
  'memory without': ({ place }) => measureMemory(place, false),
  'memory with': ({ place }) => measureMemory(place, true),
  ends: ({ place, ends }) => measureEnds(place, ends),
};

const request = JSON.parse(process.argv[2] ?? '') as Request;
const answer = JSON.stringify(await PARTS[request.part](request));
// What an end has left behind may keep the process running.
process.stdout.write(answer, () => process.exit());

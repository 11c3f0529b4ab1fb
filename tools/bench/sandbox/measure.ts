/** What a transform's thread costs, and whether its ends leave something behind. */
import { askingSandbox } from './ask.ts';
import { coldStarts } from './cold-start.ts';
import type { Sample } from './growth.ts';
import type { SandboxResult } from './report.ts';

/** @param print takes a line about what is measured next */
export const measureSandbox = (print: (line: string) => void): Promise<SandboxResult> =>
  askingSandbox(async (ask) => {
    print('sandbox: microseconds an event ...');
    const speed = await ask('speed');
    print('sandbox: starts of a thread ...');
    const starts = await ask('starts');
    print('sandbox: memory ...');
    const memory = { without: await ask('memory without'), with: await ask('memory with') };
    print('sandbox: cold starts of a function ...');
    return { speed, starts, memory, coldStarts: await coldStarts() };
  });

export const measureEnds = (ends: number, print: (line: string) => void): Promise<readonly Sample[]> =>
  askingSandbox((ask) => {
    print(`ends: a transform's thread is ended ${ends} times ...`);
    return ask('ends', ends);
  });

/** What the benchmark asks of a process of its own, and what that process answers: JSON both ways. */
import type { Sample } from './growth.ts';
import type { Memory } from './memory.ts';
import type { Speed } from './speed.ts';
import type { Starts } from './starts.ts';

export interface Answers {
  readonly speed: readonly Speed[];
  readonly starts: Starts;
  /** Without a thread, the events go through the same function in the process's own. */
  readonly 'memory without': Memory;
  readonly 'memory with': Memory;
  readonly ends: readonly Sample[];
}

export interface Place {
  /** URLs: the bundled shell, and modules of users. */
  readonly shell: string;
  readonly plain: string;
  readonly async: string;
  readonly ending: string;
}

export interface Request {
  readonly part: keyof Answers;
  readonly place: Place;
  /** For `ends`: how often the thread is ended. */
  readonly ends: number;
}

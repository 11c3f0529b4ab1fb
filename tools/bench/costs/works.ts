/** The pieces of work that the benchmark measures without a pipeline. */
import { INGEST_WAYS } from './ingest.ts';
import type { Way } from './measure.ts';
import { ROUTING_WAYS } from './routing.ts';

export interface Work {
  readonly name: string;
  readonly about: string;
  /** Of the table. */
  readonly title: string;
  readonly ways: readonly Way[];
  /** Of each way, in a round. */
  readonly calls: number;
}

export const WORKS: readonly Work[] = [
  {
    name: 'ingest',
    about: "ingest's own work on an event: numbers as sent, the order key, a broken batch",
    title: "ingest's own work",
    ways: INGEST_WAYS,
    calls: 500,
  },
  {
    name: 'routing',
    about: 'what the rules of who gets an event cost the router',
    title: 'for each destination of an event',
    ways: ROUTING_WAYS,
    calls: 500,
  },
];

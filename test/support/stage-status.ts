/** The status of a stage that is normal and has never been otherwise, with nothing to do. */
import type { StageStatus } from '../../contract/status.ts';

export const stageStatusOf = (id: string, change: Partial<StageStatus> = {}): StageStatus => ({
  id,
  mode: 'normal',
  held: false,
  shut: false,
  epoch: 0,
  reason: '',
  successes: 0,
  redrives: 0,
  spill: false,
  gauge: 0,
  probeFailures: 0,
  waiting: { messages: 0, keys: 0, own: 0 },
  progress: {},
  next: [],
  history: [],
  mapping: { state: 'Enabled', maximumConcurrency: 10 },
  queue: { visible: 0, inFlight: 0 },
  deadLetters: 0,
  parkedKeys: 0,
  ...change,
});

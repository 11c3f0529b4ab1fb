/** EventBridge's schedules: calls a function again and again. */

export interface Schedule {
  stop(): void;
}

/** @throws Error for an expression other than `rate(...)`, the only one the template has */
export const rateToMilliseconds = (expression: string): number => {
  const [, count, unit] = /^rate\((\d+) (second|minute|hour|day)s?\)$/.exec(expression) ?? [];
  const units: Readonly<Record<string, number>> = {
    second: 1_000,
    minute: 60_000,
    hour: 3_600_000,
    day: 86_400_000,
  };
  const factor = units[unit ?? ''];
  if (count === undefined || factor === undefined) {
    throw new Error(`the local run does not know the schedule ${expression}`);
  }
  return Number(count) * factor;
};

/**
 * The first run is immediate: on AWS it is within the interval, and here a user waits for what a restart has left. Runs do
 * not wait for each other, as on AWS.
 */
export const startSchedule = (interval: number, run: () => void): Schedule => {
  run();
  const timer = setInterval(run, interval);
  return { stop: () => clearInterval(timer) };
};

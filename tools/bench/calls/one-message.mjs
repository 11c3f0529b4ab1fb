/**
 * Preloaded into the local run's process: each event source mapping of its template brings one message at a time, as on AWS when little
 * is to be done. That is the most that events can cost.
 */
const { parse } = JSON;
JSON.parse = (text, reviver) => {
  const value = parse(text, reviver);
  const resources = typeof value === 'object' && value !== null ? value.Resources : undefined;
  if (typeof resources !== 'object' || resources === null) return value;
  for (const { Type, Properties } of Object.values(resources))
    if (Type === 'AWS::Lambda::EventSourceMapping') Properties.BatchSize = 1;
  return value;
};

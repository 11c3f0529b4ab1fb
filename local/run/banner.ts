/** What the user sees when the local run is up: everything on it can be copied and works. */
import pc from 'picocolors';
import type { DescribedDestination } from './described.ts';
import type { LocalRun } from './run.ts';

/** What `npx sluice listen` listens on, unless an option says otherwise. */
const LISTEN_PORT = '9000';

type Target = DescribedDestination['target'];

const shown = (target: Target): string =>
  typeof target === 'string' ? target : `the URL in the secret ${target.secretName}`;

/** A destination on this machine is one that the user can stand in for. */
const listenLines = (destinations: readonly DescribedDestination[]): readonly string[] => {
  const local = destinations
    .flatMap(({ target }) => (typeof target === 'string' ? [new URL(target)] : []))
    .find(({ protocol, hostname }) => protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(hostname));
  if (local === undefined) return [];
  const port = local.port === LISTEN_PORT ? '' : ` --port ${local.port || '80'}`;
  return [
    pc.dim(`Watch what arrives at ${local.origin} (in another terminal):`),
    `  npx sluice listen${port}`,
    '',
  ];
};

export const banner = (
  { pipeline, dataPlaneUrl, consoleUrl }: Pick<LocalRun, 'pipeline' | 'dataPlaneUrl' | 'consoleUrl'>,
  dataDir: string,
  /** `sluice dev` watches sources and listens itself. */
  isDev = false,
): string => {
  const sources = pipeline.sources.flatMap(({ id, writeKeys }) => writeKeys.map((key) => ({ id, key })));
  const writeKey = sources[0]?.key ?? '';
  const row = (name: string, value: string) => `  ${name.padEnd(14)}${value}`;
  return [
    '',
    pc.bold(pc.green('Sluice is running.')),
    '',
    row('data plane', pc.cyan(dataPlaneUrl)),
    ...sources.map(({ id, key }, i) => row(i === 0 ? 'write key' : '', `${pc.cyan(key)}  (source ${id})`)),
    ...pipeline.destinations.map(({ id, target }, i) =>
      row(i === 0 ? 'destinations' : '', `${id} -> ${shown(target)}`),
    ),
    row('console', pc.cyan(consoleUrl)),
    row('data, logs', dataDir),
    '',
    ...(isDev ? [] : listenLines(pipeline.destinations)),
    pc.dim(isDev ? 'Send an event (or: npx sluice send):' : 'Send an event:'),
    `  curl -u ${writeKey}: ${dataPlaneUrl}/v1/track -H 'content-type: application/json' -d '{"userId":"ada","event":"Hello"}'`,
    '',
    pc.dim('Or with the RudderStack SDK (npm install @rudderstack/rudder-sdk-node):'),
    `  import RudderAnalytics from '@rudderstack/rudder-sdk-node';`,
    `  const client = new RudderAnalytics('${writeKey}', { dataPlaneUrl: '${dataPlaneUrl}' });`,
    `  client.track({ userId: 'ada', event: 'Hello' });`,
    `  await client.flush();`,
    '',
    ...(isDev
      ? [pc.dim('Changes of the sources are taken up. Stop with Ctrl-C.')]
      : [
          pc.dim(
            'After a change of the configuration or a transform: npx sluice redeploy. Stop with Ctrl-C.',
          ),
        ]),
    '',
  ].join('\n');
};

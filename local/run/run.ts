/** The local run, whole: from the settings to a pipeline that answers, and back. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../config/load.ts';
import { startApi, type GatewayResponse } from '../api-gateway/service.ts';
import { LocalCloud } from './cloud.ts';
import { deployments, type Deployments, type OnTrouble } from './deployments.ts';
import { describePipeline, type DescribedPipeline } from './described.ts';
import { LOCAL_PLACE, type FlowSeries } from '../console/contract.ts';
import { startConsole, type ConsoleActions } from '../console/server.ts';
import { flowSince } from './flow.ts';
import type { Listening } from '../common/http.ts';
import { lockDataDir } from './lock.ts';
import { removePointer, writePointer } from './find-run.ts';
import { exposedDataDir } from './private-data.ts';
import { removeRunFile, writeRunFile } from './run-file.ts';
import { HOST, UsageError, type Settings } from '../common/settings.ts';

export interface LocalRun extends Pick<Deployments, 'redeploy' | 'takeUp'> {
  readonly pipeline: DescribedPipeline;
  readonly dataPlaneUrl: string;
  readonly consoleUrl: string;
  /** What has happened since a moment: milliseconds since 1970. */
  flow(from: number): FlowSeries;
  close(): Promise<void>;
}

/** Until the functions are there, SDKs are asked to retry. */
const STARTING: GatewayResponse = {
  type: 'INTEGRATION_FAILURE',
  status: 503,
  // As all answers of the template's: a page could not see otherwise that it should try again.
  headers: { 'retry-after': '1', 'access-control-allow-origin': '*' },
  body: 'starting',
};

/** @throws UsageError, ConfigError: each a few lines that say what to fix */
export const startLocalRun = async (settings: Settings, onTrouble: OnTrouble): Promise<LocalRun> => {
  // What is wrong with the configuration is said before anything is touched.
  if (settings.app === undefined) await loadConfig(settings.configPath, settings.controlInterval);
  const release = await lockDataDir(settings.dataDir);
  const undo: (() => Promise<void> | void)[] = [release];
  const close = async (): Promise<void> => {
    for (const step of undo.reverse()) await step();
  };
  try {
    return { ...(await start(settings, onTrouble, undo)), close };
  } catch (error) {
    await close();
    throw error;
  }
};

const start = async (
  settings: Settings,
  onTrouble: OnTrouble,
  undo: (() => Promise<void> | void)[],
): Promise<Omit<LocalRun, 'close'>> => {
  const { dataDir, port, consolePort } = settings;
  const opened = <T extends { close(): Promise<void> }>(part: T): T => {
    undo.push(() => part.close());
    return part;
  };
  // The ports first: one that is taken should be reported immediately, and not after a synthesis.
  const running: { cloud?: LocalCloud } = {};
  const api: Listening = opened(
    await startApi(
      {
        stage: () => running.cloud?.stack?.api.stage ?? '',
        responses: () => running.cloud?.stack?.api.responses ?? [STARTING],
        invoke: async (event) =>
          (await running.cloud?.invokeApi(event)) ?? { ok: false, type: 'INTEGRATION_FAILURE' },
        onAnswered: (status, ms) => running.cloud?.countAnswer(status, ms),
      },
      { host: HOST, port, choose: 'set SLUICE_PORT' },
    ),
  );
  const up = (): LocalCloud => {
    if (running.cloud === undefined) throw new UsageError('the local run is still starting');
    return running.cloud;
  };
  const writeFile = async (cloud: LocalCloud): Promise<DescribedPipeline> => {
    const pipeline = await describePipeline(cloud.stack?.functions ?? []);
    await writeRunFile(dataDir, {
      pid: process.pid,
      dataPlaneUrl: api.url,
      consoleUrl: console.url,
      apiUrl: cloud.endpoints.api,
      accessKeyId: cloud.credentials.accessKeyId,
      controlFunction: cloud.controlFunction,
      sources: pipeline.sources.map(({ id, writeKeys }) => ({ id, writeKeys })),
    });
    return pipeline;
  };
  const deploying = deployments(settings, { cloud: up, onDeployed: writeFile }, onTrouble);
  const { redeploy, takeUp } = deploying;
  const flow = (from: number): FlowSeries => flowSince(up().metrics, from, up().stageQueues, Date.now());
  const console = opened(
    await startConsole(
      consoleActions(() => running.cloud, up, { redeploy, flow }),
      { host: HOST, port: consolePort, choose: 'set SLUICE_CONSOLE_PORT' },
    ),
  );
  const exposed = await exposedDataDir(dataDir);
  if (exposed !== undefined) onTrouble('data', exposed);
  // What earlier deployments left there; no function runs yet.
  await rm(join(dataDir, 'cdk.out'), { recursive: true, force: true });
  const [{ assembly }, started] = await Promise.all([
    deploying.synthesize(),
    LocalCloud.start({ settings, onTrouble }),
  ]);
  opened(started);
  await started.deploy(assembly);
  running.cloud = started;
  const pipeline = await writeFile(started);
  undo.push(() => removeRunFile(dataDir));
  const startedIn = process.cwd();
  undo.push(() => removePointer(startedIn, dataDir));
  // Of use to the command line alone, which can be told otherwise.
  await writePointer(startedIn, dataDir).catch((error: unknown) =>
    onTrouble('data', `commands in ${startedIn} need SLUICE_DATA_DIR=${dataDir}: ${String(error)}`),
  );
  return { pipeline, dataPlaneUrl: api.url, consoleUrl: console.url, redeploy, takeUp, flow };
};

/** @param cloud undefined until it is up @param up throws until then */
const consoleActions = (
  cloud: () => LocalCloud | undefined,
  up: () => LocalCloud,
  { redeploy, flow }: Pick<LocalRun, 'redeploy' | 'flow'>,
): ConsoleActions => ({
  place: LOCAL_PLACE,
  // Each is asynchronous, so that what is thrown reaches the caller.
  status: async () => {
    const found = cloud();
    if (found === undefined) return { queues: [], endpoints: {} };
    const { sqs, dynamodb, api: apiUrl } = found.endpoints;
    const { controlFunction } = found;
    return { queues: await found.queues(), endpoints: { sqs, dynamodb, apiUrl, controlFunction } };
  },
  redeploy,
  control: async (request) => up().invokeControl(request),
  metrics: async (from) => Promise.resolve(flow(from)),
  alarms: async () => Promise.resolve(up().alarms()),
});

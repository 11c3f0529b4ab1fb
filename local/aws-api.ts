/** The few calls of Lambda and Secrets Manager that control and deliver make, as their SDK clients expect them. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen, readBody, type Listening } from './http.ts';
import { getSecretValue } from './secrets.ts';
import { HOST } from './settings.ts';

export interface Mapping {
  readonly state: string;
  readonly maximumConcurrency: number | undefined;
  readonly functionArn: string;
  readonly queueArn: string;
}

export interface AwsApiOptions {
  readonly dataDir: string;
  readonly mapping: (id: string) => Mapping | undefined;
  /** @returns false when the mapping is in transition, and refuses */
  readonly updateMapping: (id: string, change: MappingUpdate) => boolean;
}

/** Settings that are left out stay as they are. */
export interface MappingUpdate {
  readonly enabled?: boolean;
  readonly maximumConcurrency?: number;
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  readonly errorType?: string;
}

const MAPPING_PATH = /^\/2015-03-31\/event-source-mappings\/([^/?]+)\/?$/;

export const startAwsApi = async (options: AwsApiOptions): Promise<Listening> => {
  const server = createServer((request, response) => {
    answer(request, options).then(
      (result) => write(response, result),
      (error: unknown) =>
        write(response, { status: 500, body: { message: String(error) }, errorType: 'ServiceException' }),
    );
  });
  return listen(server, { host: HOST, port: 0 });
};

const write = (response: ServerResponse, { status, body, errorType }: Answer): void => {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(errorType === undefined ? {} : { 'x-amzn-errortype': errorType }),
  });
  response.end(JSON.stringify(body));
};

const answer = async (request: IncomingMessage, options: AwsApiOptions): Promise<Answer> => {
  const text = (await readBody(request, 1024 * 1024)).toString();
  const input = (text === '' ? {} : JSON.parse(text)) as Readonly<Record<string, unknown>>;
  const target = request.headers['x-amz-target'];
  if (target === 'secretsmanager.GetSecretValue')
    return getSecretValue(options.dataDir, String(input['SecretId']));
  const [, id] = MAPPING_PATH.exec(request.url ?? '') ?? [];
  if (id !== undefined && request.method === 'GET') return describe(id, options, 200);
  if (id !== undefined && request.method === 'PUT') return update(id, input, options);
  const what = typeof target === 'string' ? target : `${request.method ?? ''} ${request.url ?? ''}`;
  return {
    status: 400,
    errorType: 'UnknownOperationException',
    body: { message: `the local run does not know ${what}` },
  };
};

const describe = (id: string, { mapping }: AwsApiOptions, status: number): Answer => {
  const found = mapping(id);
  if (found === undefined) {
    return {
      status: 404,
      errorType: 'ResourceNotFoundException',
      body: { message: `there is no mapping ${id}` },
    };
  }
  const { state, maximumConcurrency, functionArn, queueArn } = found;
  return {
    status,
    body: {
      UUID: id,
      State: state,
      FunctionArn: functionArn,
      EventSourceArn: queueArn,
      ScalingConfig: maximumConcurrency === undefined ? {} : { MaximumConcurrency: maximumConcurrency },
    },
  };
};

const update = (id: string, input: Readonly<Record<string, unknown>>, options: AwsApiOptions): Answer => {
  const scaling = input['ScalingConfig'] as { MaximumConcurrency?: number } | undefined;
  const enabled = input['Enabled'];
  if (options.mapping(id) === undefined) return describe(id, options, 404);
  const accepted = options.updateMapping(id, {
    ...(typeof enabled === 'boolean' ? { enabled } : {}),
    ...(scaling?.MaximumConcurrency === undefined ? {} : { maximumConcurrency: scaling.MaximumConcurrency }),
  });
  if (accepted) return describe(id, options, 202);
  return {
    status: 409,
    errorType: 'ResourceInUseException',
    body: { message: `mapping ${id} is in transition` },
  };
};

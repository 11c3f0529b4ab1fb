/** DynamoDB on one machine: dynalite over LevelDB, which survives `kill -9` when it is made whole at the next start. */
import { createRequire } from 'node:module';
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DynamoDBClient,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import type { Properties } from '../template/assembly.ts';
import { withKnownTables } from './known-tables.ts';
import { repairDynamoDb } from './repair.ts';
import { withCredentials, type Credentials } from '../common/access.ts';
import { failure } from '../common/answer.ts';
import { listen, type Listening } from '../common/http.ts';
import { toListener, type Failed } from '../common/server.ts';
import { HOST } from '../common/settings.ts';

interface DynaliteOptions {
  readonly path: string;
  /** How long a table stays in CREATING; milliseconds. */
  readonly createTableMs: number;
}
// It has no types and is CommonJS.
const dynalite = createRequire(import.meta.url)('dynalite') as (options: DynaliteOptions) => Server;

export interface Table {
  readonly name: string;
  /** As the template has them, resolved. */
  readonly properties: Properties;
}

export interface DynamoDb extends Listening {
  /** Makes tables that do not exist yet; one that exists is left as it is, with its items. */
  deploy(tables: readonly Table[]): Promise<void>;
}

/** @param credentials those of the callers; others are refused */
export const startDynamoDb = async (dataDir: string, credentials: Credentials): Promise<DynamoDb> => {
  const path = join(dataDir, 'dynamodb');
  await repairDynamoDb(path);
  const server = withKnownTables(() => dynalite({ path, createTableMs: 0 }));
  guard(server, credentials);
  const listening = await listen(server, { host: HOST, port: 0 });
  const client = new DynamoDBClient({
    endpoint: listening.url,
    region: 'local',
    credentials,
  });
  return {
    ...listening,
    deploy: async (tables) => {
      const { TableNames = [] } = await client.send(new ListTablesCommand({}));
      for (const table of tables.filter(({ name }) => !TableNames.includes(name))) {
        await client.send(new CreateTableCommand(toInput(table)));
        await untilActive(client, table.name);
      }
    },
    close: async () => {
      client.destroy();
      await listening.close();
    },
  };
};

const internalError: Failed = (error, response) => {
  const { status, headers, body } = failure(500, 'InternalServerError', String(error));
  response.writeHead(status, headers).end(body);
};

/** dynalite answers every origin and every key. Its own listener gets what has been let in. */
const guard = (server: Server, credentials: Credentials): void => {
  const [answer] = server.listeners('request') as RequestListener[];
  if (answer === undefined) throw new Error('dynalite listens to no requests');
  server.removeAllListeners('request');
  const handle: RequestListener = (request, response) => {
    answer(request, response);
    // It throws where nothing can catch it when a function is killed in the middle of its request.
    request.removeAllListeners('error').on('error', () => response.destroy());
  };
  server.on('request', toListener(withCredentials(credentials, handle), internalError));
};

/** Until then reads and writes are answered that it does not exist. */
const untilActive = async (client: DynamoDBClient, TableName: string): Promise<void> => {
  const describe = new DescribeTableCommand({ TableName });
  while ((await client.send(describe)).Table?.TableStatus !== 'ACTIVE') await sleep(10);
};

const toInput = ({ name, properties }: Table): CreateTableCommandInput => {
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes } = properties as unknown as Pick<
    CreateTableCommandInput,
    'KeySchema' | 'AttributeDefinitions' | 'GlobalSecondaryIndexes'
  >;
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema,
    AttributeDefinitions,
    GlobalSecondaryIndexes,
  };
};

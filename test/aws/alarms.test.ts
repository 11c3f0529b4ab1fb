/** The adapter over CloudWatch's alarms, and the answer to CloudFormation, against a stand-in that answers as the services do. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { createServer } from 'node:http';
import { CloudWatchAlarms, respondToCloudFormation } from '../../lambdas/aws/alarms.ts';
import { InfraFault } from '../../lambdas/core/base/faults.ts';
import { listen, readBody, type Listening } from '../../local/common/http.ts';
import { NOWHERE } from '../support/nowhere.ts';

let server: Listening;
let client: CloudWatchClient;
let asked: { method: string | undefined; call: unknown; type: unknown; body: string }[];
let status: number[];
let body: object;

beforeEach(async () => {
  [asked, status, body] = [[], [], {}];
  const http = createServer((request, response) => {
    void readBody(request, 1_000_000).then((text) => {
      const { method, headers } = request;
      const call = String(headers['x-amz-target']).split('.').at(-1);
      asked.push({ method, call, type: headers['content-type'], body: text.toString() });
      response.writeHead(status.shift() ?? 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(body));
    });
  });
  server = await listen(http, { host: '127.0.0.1', port: 0 });
  client = new CloudWatchClient({
    endpoint: server.url,
    region: 'local',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  });
});
afterEach(async () => {
  client.destroy();
  await server.close();
});

const bodies = () => asked.map((one) => JSON.parse(one.body) as unknown);

describe('alarms', () => {
  const names = Array.from({ length: 101 }, (_, i) => `a${i}`);

  it('in state ALARM are looked up by name, in calls of CloudWatch’s maximum size', async () => {
    body = { MetricAlarms: [{ AlarmName: 'a7' }] };
    expect(await new CloudWatchAlarms(client).ringing(names)).toEqual(['a7', 'a7']);
    expect(asked.map(({ call }) => call)).toEqual(['DescribeAlarms', 'DescribeAlarms']);
    expect(bodies()).toMatchObject([
      { AlarmNames: names.slice(0, 100), StateValue: 'ALARM' },
      { AlarmNames: ['a100'], StateValue: 'ALARM' },
    ]);
    expect(await new CloudWatchAlarms(client).ringing([])).toEqual([]);
  });

  it('have their state set, and their actions enabled and disabled', async () => {
    const alarms = new CloudWatchAlarms(client);
    await alarms.set('a', 'OK', 'gone');
    await alarms.switchActions(['a'], false);
    await alarms.switchActions(['a'], true);
    expect(asked.map(({ call }) => call)).toEqual([
      'SetAlarmState',
      'DisableAlarmActions',
      'EnableAlarmActions',
    ]);
    expect(bodies()[0]).toEqual({ AlarmName: 'a', StateValue: 'OK', StateReason: 'gone' });
  });

  it('that cannot be reached are a fault', async () => {
    status = [500];
    await expect(new CloudWatchAlarms(client).ringing(['a'])).rejects.toThrow(InfraFault);
  });
});

describe('the answer to CloudFormation', () => {
  it('is put to the URL of the request, without a content type, which the URL’s signature does not cover', async () => {
    await respondToCloudFormation(`${server.url}/answer?signature=x`, '{"Status":"SUCCESS"}');
    expect(asked).toMatchObject([{ method: 'PUT', type: '', body: '{"Status":"SUCCESS"}' }]);
  });

  it('is put again when it was not accepted, and is a fault after that', async () => {
    status = [500, 200];
    await respondToCloudFormation(server.url, '{}');
    status = [403, 403];
    await expect(respondToCloudFormation(server.url, '{}')).rejects.toThrow('status 403');
    await expect(respondToCloudFormation(NOWHERE, '{}')).rejects.toThrow(InfraFault);
  });
});

/** Alarms that a deployment removes: resolved while they exist, and restored when the deployment is rolled back. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { followAlarms, readAlarmsRequest, type AlarmsDeps } from '../../../lambdas/control/removed-alarms.ts';
import { InfraFault } from '../../../lambdas/core/base/faults.ts';

const CRM = 'shop: crm is in degraded mode';
const LAKE = 'shop: lake is in degraded mode';

const request = (type: string, now: readonly string[], before?: readonly string[]) => ({
  RequestType: type,
  ResponseURL: 'https://s3.example.com/answer',
  StackId: 'stack',
  RequestId: 'request',
  LogicalResourceId: 'Removed',
  ...(type === 'Create' ? {} : { PhysicalResourceId: 'physical' }),
  ResourceProperties: { ServiceToken: 'arn', Alarms: now },
  ...(before === undefined ? {} : { OldResourceProperties: { ServiceToken: 'arn', Alarms: before } }),
});

let ringing: string[];
let calls: string[];
let answers: unknown[];
let fails: boolean;
const deps: AlarmsDeps = {
  alarms: {
    ringing: (names) => {
      if (fails) return Promise.reject(new InfraFault('CloudWatch is down'));
      return Promise.resolve(names.filter((name) => ringing.includes(name)));
    },
    set: (name, state) => Promise.resolve(void calls.push(`${state} ${name}`)),
    switchActions: (names, on) => Promise.resolve(void calls.push(`${on ? 'on' : 'off'} ${names.join()}`)),
  },
  respond: (url, body) => Promise.resolve(void answers.push([url, JSON.parse(body)])),
  wait: (milliseconds) => Promise.resolve(void calls.push(`wait ${milliseconds}`)),
  log: (level, message) => calls.push(`${level}: ${message}`),
};
const follow = async (event: unknown): Promise<void> => {
  const read = readAlarmsRequest(event);
  if (read === undefined) throw new Error('it is no request');
  await followAlarms(read, deps);
};

beforeEach(() => {
  ringing = [];
  calls = [];
  answers = [];
  fails = false;
});

describe('an alarm that is removed', () => {
  it('is resolved if it is in ALARM; its actions are switched off once those of the resolve are under way', async () => {
    ringing = [CRM];
    await follow(request('Update', [LAKE], [CRM, LAKE]));
    expect(calls.filter((call) => !call.startsWith('warn'))).toEqual([
      `OK ${CRM}`,
      'wait 5000',
      `off ${CRM}`,
    ]);
    expect(answers).toEqual([
      [
        'https://s3.example.com/answer',
        {
          Status: 'SUCCESS',
          StackId: 'stack',
          RequestId: 'request',
          LogicalResourceId: 'Removed',
          PhysicalResourceId: 'physical',
        },
      ],
    ]);
  });

  it('is left alone if it does not ring', async () => {
    ringing = [LAKE];
    await follow(request('Update', [LAKE], [CRM, LAKE]));
    expect(calls).toEqual([]);
    expect(answers).toHaveLength(1);
  });

  it('is one of all of them when the stack is removed', async () => {
    ringing = [CRM, LAKE];
    await follow(request('Delete', [CRM, LAKE]));
    expect(calls).toContain(`OK ${CRM}`);
    expect(calls).toContain(`OK ${LAKE}`);
    expect(calls).toContain(`off ${CRM},${LAKE}`);
  });
});

describe('an alarm that is listed again, as after a rollback', () => {
  it('has its actions again, and notifies again if it is in ALARM', async () => {
    ringing = [CRM];
    await follow(request('Update', [CRM, LAKE], [LAKE]));
    expect(calls).toEqual([`on ${CRM}`, `INSUFFICIENT_DATA ${CRM}`]);
  });
});

describe('a deployment', () => {
  it('that makes the stack changes nothing, and is answered with a name', async () => {
    ringing = [CRM];
    await follow(request('Create', [CRM]));
    expect(calls).toEqual([]);
    expect(answers).toMatchObject([
      [expect.any(String), { PhysicalResourceId: 'Removed', Status: 'SUCCESS' }],
    ]);
  });

  it('is not held up when CloudWatch fails', async () => {
    fails = true;
    await follow(request('Update', [], [CRM]));
    expect(calls).toEqual(['error: alarms that a deployment removes or adds could not be brought in line']);
    expect(answers).toMatchObject([[expect.any(String), { Status: 'SUCCESS' }]]);
  });
});

it('other events are no requests of CloudFormation', () => {
  for (const event of [undefined, 'x', {}, { source: 'aws.events' }, { command: 'status' }, { Records: [] }])
    expect(readAlarmsRequest(event)).toBeUndefined();
  expect(readAlarmsRequest({ RequestType: 'Update', ResponseURL: 'https://x' })).toMatchObject({
    removed: [],
    added: [],
  });
});

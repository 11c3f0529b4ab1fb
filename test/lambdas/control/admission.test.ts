/** Through which name control's function was invoked, and what that allows. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ControlRequest } from '../../../contract/operations.ts';
import { includes, neededBy, PERMISSIONS } from '../../../contract/permissions.ts';
import { refusedAdmission } from '../../../lambdas/control/admission.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:Sluice-Control';
const through = (alias: string): string => `${FUNCTION}:${alias}`;

let logged: { readonly level: string; readonly fields: Readonly<Record<string, unknown>> | undefined }[];
beforeEach(() => {
  logged = [];
});
const admit = (invokedArn: string, event: unknown) =>
  refusedAdmission(event, invokedArn, (level, _message, fields) => logged.push({ level, fields }));

const SCHEDULED = { source: 'aws.events', 'detail-type': 'Scheduled Event' };
const FLIP = { Records: [{ EventSource: 'aws:sns', Sns: { Message: '{}' } }] };
const RESOURCE = { RequestType: 'Delete', ResponseURL: 'https://example.com/', ResourceProperties: {} };

/** One of each need, in the shapes that control takes. */
const REQUESTS: readonly ControlRequest[] = [
  { command: 'status' },
  { command: 'show', stage: 'crm', key: 'k', content: true },
  { command: 'rejected', content: true },
  { command: 'hold', stage: 'crm', reason: 'bad import' },
  { command: 'erase', source: 'web', userId: 'ada', dryRun: true },
  { command: 'erase', source: 'web', userId: 'ada' },
];

describe.each([FUNCTION, through('$LATEST')])('%s: the function itself', (arn) => {
  it.each([...REQUESTS, SCHEDULED, FLIP, RESOURCE, { command: 'explode' }, {}, null])(
    'admits everything: %j',
    (event) => {
      expect(admit(arn, event)).toBeUndefined();
      expect(logged).toEqual([]);
    },
  );
});

describe.each(PERMISSIONS)('the alias %s', (alias) => {
  it.each(REQUESTS)('admits what the permission includes: %j', (request) => {
    const needed = neededBy(request);
    const refused = admit(through(alias), request);
    if (includes(alias, needed)) expect(refused).toBeUndefined();
    else expect(refused).toMatchObject({ ok: false });
  });

  it.each([
    ['the schedule’s', SCHEDULED],
    ['SNS’s', FLIP],
    ['CloudFormation’s', RESOURCE],
    ['nobody’s', {}],
    ['no object', 'status'],
    ['nothing', null],
  ])('refuses what is no operator’s request: %s', (_, event) => {
    expect(admit(through(alias), event)).toEqual({
      ok: false,
      refused: `the alias "${alias}" of control's function takes operators' requests only; other events need lambda:InvokeFunction on the function itself`,
    });
    expect(logged).toEqual([{ level: 'warn', fields: { alias } }]);
  });

  it('refuses what is a request and something else', () => {
    expect(admit(through(alias), { command: 'status', ...RESOURCE })).toMatchObject({
      ok: false,
      refused: 'RequestType: unknown; remove it',
    });
  });

  it('says what is wrong with a request', () => {
    expect(admit(through(alias), { command: 'hold', stage: 'crm' })).toEqual({
      ok: false,
      refused: 'reason: is missing',
    });
    expect(logged).toEqual([]);
  });
});

describe('a refusal', () => {
  it('names the permission that is needed, and the one that was used', () => {
    expect(admit(through('read'), { command: 'hold', stage: 'crm', reason: 'x' })).toEqual({
      ok: false,
      refused:
        'hold: needs the permission "operate", which is lambda:InvokeFunction on the alias "operate" of control\'s function; ' +
        'it was asked for through the alias "read"',
    });
  });

  it('says that it is the content', () => {
    expect(admit(through('operate'), { command: 'rejected', content: true })).toMatchObject({
      refused: expect.stringMatching(/^rejected with content: needs the permission "content"/) as unknown,
    });
  });

  it('is logged with who asked, and not with whose events it is about', () => {
    admit(through('read'), { command: 'erase', source: 'web', userId: 'ada', by: 'bob@laptop' });
    expect(logged).toEqual([
      { level: 'warn', fields: { command: 'erase', needed: 'operate', alias: 'read', by: 'bob@laptop' } },
    ]);
  });
});

it.each([through('canary'), through('7'), through('read:more'), 'arn:aws:lambda:x', ''])(
  'a name that is none of these admits nothing: "%s"',
  (arn) => {
    for (const event of [...REQUESTS, SCHEDULED, FLIP, RESOURCE])
      expect(admit(arn, event)).toMatchObject({
        ok: false,
        refused: expect.stringContaining('its aliases are read, content, operate') as unknown,
      });
  },
);

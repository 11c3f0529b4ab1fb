/** The command line says who asks. Against a local run whose control is a stand-in. */
import { beforeEach, expect, it } from '@jest/globals';
import { hostname, userInfo } from 'node:os';
import { ok, refused } from './stand-in.ts';
import { useStandIn } from './use-stand-in.ts';

const { control, cli } = useStandIn();
beforeEach(() => {
  control.replies = { retry: () => ok({ keys: 1 }) };
});

it.each([
  ['the user and the machine', [], {}, `${userInfo().username}@${hostname()}`],
  ['what SLUICE_OPERATOR says', [], { SLUICE_OPERATOR: 'ci' }, 'ci'],
  ['what --as says', ['--as', 'ada'], { SLUICE_OPERATOR: 'ci' }, 'ada'],
])('asks as %s', async (_, args, env, name) => {
  expect(await cli.run(['retry', 'crm', ...args], { env })).toMatchObject({ code: 0 });
  expect(control.operators).toEqual([name]);
});

it('asks an older control, which takes no name, without one', async () => {
  control.replies = {
    retry: () =>
      control.operators.at(-1) === undefined ? ok({ keys: 1 }) : refused('by: unknown; remove it'),
  };
  expect(await cli.run(['retry', 'crm', '--as', 'ada'])).toMatchObject({ code: 0 });
  expect(control.operators).toEqual(['ada', undefined]);
});

it('asks a control that knows neither names nor who has seen what without both', async () => {
  const asked: (readonly string[])[] = [];
  control.replies = {
    rejected: (request) => {
      const by = control.operators.at(-1);
      asked.push(Object.keys({ ...request, ...(by === undefined ? {} : { by }) }));
      if ('seen' in request) return refused('seen: unknown; remove it');
      return by === undefined ? ok({ events: [] }) : refused('by: unknown; remove it');
    },
  };
  expect(await cli.run(['rejected', '--as', 'ada'])).toMatchObject({ code: 0 });
  expect(asked.map((names) => names.filter((name) => name === 'seen' || name === 'by'))).toEqual([
    ['seen', 'by'],
    ['by'],
    [],
  ]);
});

import { expect, it } from '@jest/globals';
import pc from 'picocolors';
import type { View } from '../../cli/session.ts';
import { isAllNormal, statusText } from '../../cli/views/status.ts';
import { ALL_NORMAL, KEY, MINUTE, NORMAL_STAGE, NOW, statusOf } from './fixtures.ts';

const view: View = {
  now: NOW,
  colors: pc.createColors(false),
  command: (text) => `npx sluice ${text}`,
  deploy: 'npx sluice redeploy',
};

it('status names the users with the largest backlogs, and the stage is as normal as before', () => {
  const hotKeys = [
    { key: KEY, backlog: 45_000, age: 12 * MINUTE, at: NOW - MINUTE },
    { key: 'other', backlog: 120, age: 2 * MINUTE, at: NOW },
  ];
  const report = statusOf(NORMAL_STAGE, { ...NORMAL_STAGE, id: 'crm', hotKeys });
  expect(statusText(report, view)).toBe(
    [
      statusText(ALL_NORMAL, view),
      '',
      'crm: the keys with the largest backlogs in its queue',
      `  ${KEY}: about 45,000 messages; the latest that was received had been sent 13 min ago`,
      '  other: about 120 messages; the latest that was received had been sent 2 min ago',
    ].join('\n'),
  );
  expect(isAllNormal(report)).toBe(true);
});

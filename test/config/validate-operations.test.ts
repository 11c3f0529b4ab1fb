/** The keys `degradedMode` and `alerts`. */
import { describe, expect, it } from '@jest/globals';
import { deprecationsOf, validateConfig, type PipelineConfig } from '../../config/index.ts';
import { minimal, mistakes } from './mistakes.ts';

const withAlerts = (alerts: object): unknown => ({ ...minimal, alerts });
const closedDoorLimit = (time: string) => ({ timing: { closedDoorLimit: time } });
const withDegradedMode = (degradedMode: object): unknown => ({ ...minimal, degradedMode });

describe('a valid configuration', () => {
  it('may name who is notified of alarms', () => {
    const alerts: PipelineConfig['alerts'] = {
      pagerDuty: { secretName: 'ops/pagerduty' },
      victorOps: { secretName: 'ops/victorops' },
      emails: ['ops@example.com'],
      urls: ['https://example.com/alerts', { secretName: 'ops/relay' }],
    };
    expect(validateConfig({ ...minimal, alerts }).alerts).toEqual({ ...alerts, unusualVolume: false });
  });

  it('may watch the volume of events, over whole days at most', () => {
    const volumeOf = (alerts: object) => validateConfig({ ...minimal, alerts }).alerts;
    expect(volumeOf({ noEventsFor: '1 hour', unusualVolume: true })).toMatchObject({
      noEventsFor: 3_600_000,
      unusualVolume: true,
    });
    expect(() => volumeOf({ noEventsFor: '2 days' })).toThrow(
      'alerts.noEventsFor: "2 days" is out of range; use 10m to 1d',
    );
    expect(() => volumeOf({ unusualVolume: 'yes' })).toThrow('alerts.unusualVolume: expected true or false');
  });

  it('may shorten the times of degraded mode, to try it out', () => {
    const degradedMode = { window: '2s', pause: '1s', maxPause: '1s', breakerTime: '1s', parkAfter: '1s' };
    const quick = validateConfig({ ...minimal, degradedMode: { ...degradedMode, maxDrainBackoff: '4s' } });
    expect(quick.degradedMode).toMatchObject({ window: 2_000, pause: 1_000, maxDrainBackoff: 4_000 });
  });
});

describe('timing.closedDoorLimit, a key of an earlier version', () => {
  it('sets degradedMode.parkAfter, and is in nothing that is deployed', () => {
    const { timing, degradedMode } = validateConfig({ ...minimal, ...closedDoorLimit('20 minutes') });
    expect(degradedMode.parkAfter).toBe(20 * 60_000);
    expect(timing).toEqual(validateConfig(minimal).timing);
  });

  it('has a warning that names the key to write instead', () => {
    expect(deprecationsOf(minimal)).toEqual([]);
    expect(deprecationsOf({ ...minimal, timing: {} })).toEqual([]);
    expect(deprecationsOf({ ...minimal, ...closedDoorLimit('20 minutes') })).toEqual([
      {
        key: 'timing.closedDoorLimit',
        successor: 'degradedMode.parkAfter',
        warning: expect.stringMatching(
          /^timing\.closedDoorLimit: is deprecated, and sets degradedMode\.parkAfter; rename it\. /,
        ),
      },
    ]);
  });
});

describe("control's interval", () => {
  const quick = {
    ...minimal,
    timing: { maxBackoff: '2s' },
    degradedMode: { window: '4s', stallAfter: '4s' },
  };

  it('of a local run that runs it more often allows a shorter stall', () => {
    expect(validateConfig(quick, 'config', 2_000).degradedMode.stallAfter).toBe(4_000);
    expect(() => validateConfig(quick, 'config', 3_000)).toThrow('must be at least 6 seconds, two of');
  });
});

describe('a mistake gives one line, with the path of the key and the fix', () => {
  it.each<[string, unknown, string]>([
    [
      'an unknown key of degraded mode',
      withDegradedMode({ redriveTreshold: 3 }),
      'degradedMode.redriveTreshold: unknown key; check its spelling, or remove it',
    ],
    [
      'an invalid threshold',
      withDegradedMode({ redriveThreshold: 0 }),
      'degradedMode.redriveThreshold: 0 is too small; use 1 to 100',
    ],
    [
      'an invalid window',
      withDegradedMode({ window: 'soon' }),
      'degradedMode.window: "soon" is not a length of time; use for example "5 minutes"',
    ],
    [
      "a spill that is close to SQS's limit",
      withDegradedMode({ spillAfter: '13 days' }),
      'degradedMode.spillAfter: "13 days" is out of range; use 1s to 10d',
    ],
    [
      'a longest pause that is shorter than the first',
      withDegradedMode({ pause: '2 hours' }),
      'degradedMode.maxPause: must be at least 7200 seconds, degradedMode.pause',
    ],
    [
      'drains that could prevent the end of a recovery',
      withDegradedMode({ window: '10 minutes', maxDrainBackoff: '15 minutes' }),
      'degradedMode.maxDrainBackoff: must be at least 1200 seconds, twice degradedMode.window; or one user who always crashes could keep a stage from becoming normal',
    ],
    [
      'drains that are retried sooner than messages in the queue',
      {
        ...minimal,
        timing: { minBackoff: '1 minute' },
        degradedMode: { window: '10s', maxDrainBackoff: '20s' },
      },
      'degradedMode.maxDrainBackoff: must be at least 60 seconds, timing.minBackoff',
    ],
    [
      'parking before the breaker',
      withDegradedMode({ parkAfter: '1 minute' }),
      'degradedMode.parkAfter: must be at least 120 seconds, degradedMode.breakerTime; or the users of a dead destination would be parked one by one',
    ],
    [
      'a share that is a percentage',
      withDegradedMode({ redriveShare: 5 }),
      'degradedMode.redriveShare: 5 is too large; use 0 to 1, as in 0.05 for 5 in 100',
    ],
    [
      'a negative share',
      withDegradedMode({ redriveShare: -0.1 }),
      'degradedMode.redriveShare: -0.1 is too small; use 0 to 1',
    ],
    [
      'a share as text',
      withDegradedMode({ redriveShare: '5 %' }),
      'degradedMode.redriveShare: expected a number from 0 to 1',
    ],
    [
      'a stall as short as the longest backoff',
      { ...minimal, timing: { maxBackoff: '15 minutes' }, degradedMode: { stallAfter: '15 minutes' } },
      'degradedMode.stallAfter: must be more than 900 seconds, timing.maxBackoff; or a stage whose only message is between two tries would be degraded',
    ],
    [
      'a stall that is shorter than the window',
      withDegradedMode({ window: '20 minutes' }),
      'degradedMode.stallAfter: must be at least 1200 seconds, degradedMode.window',
    ],
    [
      "a stall within two of control's runs",
      { ...minimal, timing: { maxBackoff: '2s' }, degradedMode: { window: '10s', stallAfter: '119s' } },
      "degradedMode.stallAfter: must be at least 120 seconds, two of control's runs; or one reading of the queue would degrade a stage",
    ],
    [
      'own trouble without a failure',
      withDegradedMode({ ownAfter: 0 }),
      'degradedMode.ownAfter: 0 is too small; use 1 to 100',
    ],
    [
      'a key of an earlier version beside its successor',
      { ...minimal, ...closedDoorLimit('20 minutes'), degradedMode: { parkAfter: '20 minutes' } },
      'timing.closedDoorLimit: is the earlier name of degradedMode.parkAfter, which is set as well; remove it',
    ],
    [
      'a key of an earlier version that is no length of time',
      { ...minimal, ...closedDoorLimit('later') },
      'timing.closedDoorLimit: "later" is not a length of time; use for example "5 minutes"',
    ],
    [
      'a key of an earlier version that its successor could not have, by the name that was written',
      { ...minimal, ...closedDoorLimit('1 minute') },
      'timing.closedDoorLimit: must be at least 120 seconds, degradedMode.breakerTime; or the users of a dead destination would be parked one by one',
    ],
    [
      'a key that does not fit one of an earlier version',
      { ...minimal, ...closedDoorLimit('1 day'), degradedMode: { spillAfter: '12 hours' } },
      'degradedMode.spillAfter: must be at least 86400 seconds, timing.closedDoorLimit',
    ],
    [
      'spilling before parking',
      withDegradedMode({ spillAfter: '10 minutes' }),
      'degradedMode.spillAfter: must be at least 900 seconds, degradedMode.parkAfter',
    ],
    [
      'an unknown kind of notification',
      withAlerts({ pagerduty: { secretName: 'pagerduty' } }),
      'alerts.pagerduty: unknown key; check its spelling, or remove it',
    ],
    [
      'a key instead of a secret',
      withAlerts({ pagerDuty: 'https://events.pagerduty.com/integration/0123/enqueue' }),
      'alerts.pagerDuty: expected an object',
    ],
    [
      'a secret without a name',
      withAlerts({ victorOps: { secretName: '' } }),
      'alerts.victorOps.secretName: is empty; expected the name of a secret in Secrets Manager',
    ],
    [
      "a pager's key in a URL, which is not repeated in the message",
      withAlerts({ urls: ['https://events.pagerduty.com/integration/0123/enqueue'] }),
      'alerts.urls[0]: has a key in it; put the whole URL in a secret, and name that as alerts.pagerDuty or alerts.victorOps',
    ],
    [
      'a password in a URL of alerts',
      withAlerts({ urls: ['https://me:secret@example.com'] }),
      'alerts.urls[0]: has a user name or password in it; put the whole URL in a secret: { secretName: "..." }',
    ],
    [
      'an invalid URL of alerts',
      withAlerts({ urls: ['example.com'] }),
      'alerts.urls[0]: "example.com" is not an http(s) URL; use for example "https://example.com/alerts"',
    ],
    [
      'a misspelt secret among URLs',
      withAlerts({ urls: ['https://example.com', { secretNam: 'x' }] }),
      'alerts.urls[1]: expected a URL, or { secretName: "..." }',
    ],
    [
      'a URL that is not in a list',
      withAlerts({ urls: 'https://example.com' }),
      'alerts.urls: expected a list of URLs',
    ],
    [
      'an invalid address',
      withAlerts({ emails: ['ops'] }),
      'alerts.emails[0]: "ops" is not an e-mail address',
    ],
    [
      'too many addresses',
      withAlerts({ emails: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `${name}@example.com`) }),
      'alerts.emails: has more than 5; use a mailing list, or a program that passes them on',
    ],
    [
      'an address twice',
      withAlerts({ emails: ['a@example.com', 'a@example.com'] }),
      'alerts.emails[1]: the same address as alerts.emails[0]; each must be unique',
    ],
    [
      'a URL twice',
      withAlerts({ urls: ['https://example.com', { secretName: 'x' }, 'https://example.com'] }),
      'alerts.urls[2]: the same URL as alerts.urls[0]; each must be unique',
    ],
    [
      'a secret of two pagers',
      withAlerts({ pagerDuty: { secretName: 'x' }, victorOps: { secretName: 'x' } }),
      'alerts.victorOps: the same secret as alerts.pagerDuty; each must be unique',
    ],
  ])('%s', (_, config, line) => {
    expect(mistakes(config)).toEqual([`sluice.config.ts: ${line}`]);
  });

  it('a misspelt key of a secret: the missing key, and the unknown one', () => {
    expect(mistakes(withAlerts({ pagerDuty: { secretNam: 'pagerduty' } }))).toEqual([
      'sluice.config.ts: alerts.pagerDuty.secretName: is missing',
      'sluice.config.ts: alerts.pagerDuty.secretNam: unknown key; check its spelling, or remove it',
    ]);
  });
});

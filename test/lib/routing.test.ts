import { expect, it } from '@jest/globals';
import { minimal } from '../config/mistakes.ts';
import { bundle } from './example.ts';
import { synthesize } from './synth.ts';

const rules = {
  integration: 'Salesforce',
  consentManagement: [{ provider: 'oneTrust', consents: ['C0002'] }],
  filter: { type: { $in: ['track'] } },
};

it('the router alone knows which events a destination gets: a change of it deploys no deliver function', () => {
  const [crm] = minimal.destinations;
  if (crm === undefined) throw new Error('there is no destination');
  const plain = synthesize(minimal);
  const ruled = synthesize({ ...minimal, destinations: [{ ...crm, ...rules }] });
  expect(bundle(plain, 'Router')).toMatchObject({ destinations: [{ id: 'crm' }] });
  expect(bundle(ruled, 'Router')).toMatchObject({ destinations: [{ id: 'crm', ...rules }] });
  expect(bundle(ruled, 'Destination-crm')).toEqual(bundle(plain, 'Destination-crm'));
});

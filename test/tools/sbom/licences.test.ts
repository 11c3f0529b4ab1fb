import { describe, expect, it } from '@jest/globals';
import { refusedLicences, type Component } from '../../../tools/sbom/licences.ts';

const component = (licenses: Component['licenses']): Component => ({
  name: 'left-pad',
  version: '1.0.0',
  ...(licenses === undefined ? {} : { licenses }),
});

describe('the licences of what is delivered', () => {
  it.each([['MIT'], ['Apache-2.0'], ['ISC']])('%s is allowed', (id) => {
    expect(refusedLicences([component([{ license: { id } }])])).toEqual([]);
  });

  it.each([
    ['a licence that is not permissive', [{ license: { id: 'GPL-3.0-only' } }], 'GPL-3.0-only'],
    ['one of several', [{ license: { id: 'MIT' } }, { license: { name: 'Ours' } }], 'MIT, Ours'],
    ['an expression, which needs a decision', [{ expression: '(MIT OR GPL-2.0)' }], '(MIT OR GPL-2.0)'],
    ['no licence', undefined, 'no licence is named'],
    ['an empty list', [], 'no licence is named'],
  ])('%s is refused, with the package', (_, licenses, text) => {
    expect(refusedLicences([component(licenses)])).toEqual([`left-pad@1.0.0: ${text}`]);
  });
});

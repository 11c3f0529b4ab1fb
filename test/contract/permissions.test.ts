/** Which permission each of an operator's requests needs, and which permissions include it. */
import { describe, expect, it } from '@jest/globals';
import { includes, neededBy, PERMISSIONS } from '../../contract/permissions.ts';
import { PERMISSION_ROWS } from './permission-rows.ts';

describe('who may make which request', () => {
  it.each(PERMISSION_ROWS)('%j', (request, ...may) => {
    const needed = neededBy(request);
    expect(PERMISSIONS.filter((granted) => includes(granted, needed))).toEqual(may);
  });

  it('is answered for each permission: none includes them all', () => {
    for (const granted of PERMISSIONS)
      expect(PERMISSION_ROWS.some(([request]) => !includes(granted, neededBy(request)))).toBe(true);
  });
});

/** Filters of destinations, and whether each matches an event. */
import type { Filter } from '../../contract/settings.ts';
import type { SluiceEvent } from '../../lambdas/core/event/event.ts';

export const ORDER: SluiceEvent = {
  messageId: '1',
  type: 'track',
  event: 'Order Completed',
  userId: 'ada',
  anonymousId: null,
  properties: {
    total: 100,
    currency: 'EUR',
    gift: false,
    tags: ['new', 'sale'],
    products: [{ sku: 'G-32', tags: ['a'] }, { sku: 'G-33' }, null, 5],
  },
};

export const FILTERS: readonly (readonly [Filter, boolean])[] = [
  [{ type: 'track' }, true],
  [{ type: 'page' }, false],
  [{ type: { $eq: 'track' }, event: 'Order Completed' }, true],
  [{ type: 'track', event: 'Order Cancelled' }, false],
  [{ type: { $ne: 'track' } }, false],
  [{ type: { $in: ['track', 'page'] } }, true],
  [{ type: { $nin: ['track', 'page'] } }, false],
  [{ missing: { $nin: ['track'] } }, true],
  [{ missing: { $ne: 'track' } }, true],
  [{ 'properties.total': 100 }, true],
  [{ 'properties.total': '100' }, false],
  [{ 'properties.total': { $gte: 100, $lt: 101 } }, true],
  [{ 'properties.total': { $gt: 100 } }, false],
  [{ 'properties.total': { $lte: 99.5 } }, false],
  // Values of another type are not compared.
  [{ 'properties.currency': { $gt: 0 } }, false],
  [{ 'properties.total': { $gt: '' } }, false],
  [{ 'properties.gift': { $lt: 1 } }, false],
  [{ properties: { $gt: '' } }, false],
  [{ 'properties.gift': false }, true],
  // A beginning, as a range.
  [{ event: { $gte: 'Order ', $lt: 'Order!' } }, true],
  [{ event: { $gte: 'Product ', $lt: 'Product!' } }, false],
  [{ userId: { $exists: true } }, true],
  [{ anonymousId: { $exists: true } }, true],
  [{ groupId: { $exists: true } }, false],
  [{ 'properties.coupon.code': { $exists: false } }, true],
  [{ 'type.length': { $exists: true } }, true],
  [{ anonymousId: null }, true],
  [{ groupId: null }, true],
  [{ userId: null }, false],
  [{ 'properties.total': { $not: { $lt: 50 } } }, true],
  [{ $or: [{ type: 'page' }, { 'properties.currency': 'EUR' }] }, true],
  [{ $and: [{ type: 'track' }, { 'properties.currency': 'USD' }] }, false],
  [{ $nor: [{ type: 'page' }, { type: 'screen' }] }, true],
  [{ userId: 'ada', $or: [{ type: 'page' }, { type: 'screen' }] }, false],
  // One element is enough.
  [{ 'properties.tags': 'sale' }, true],
  [{ 'properties.tags': { $in: ['old', 'sale'] } }, true],
  [{ 'properties.tags': { $ne: 'sale' } }, false],
  [{ 'properties.tags.0': 'new' }, true],
  [{ 'properties.products.sku': 'G-33' }, true],
  [{ 'properties.products.sku': 'G-34' }, false],
  [{ 'properties.products.tags': 'a' }, true],
  // Nothing that every object inherits.
  [{ 'constructor.name': 'Object' }, false],
  [{ 'properties.toString': { $exists: true } }, false],
  [{ 'properties.tags.length': 2 }, false],
];

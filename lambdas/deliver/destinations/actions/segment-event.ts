/**
 * An event as Segment's catalogue expects it. RudderStack's events are Segment's, but for a few fields: the traits of an `identify` are in
 * its context, and the address of a request is a field of its own.
 */
import { isJsonObject, type JsonObject } from '../../../core/event/event.ts';

const filled = (value: unknown): value is JsonObject => isJsonObject(value) && Object.keys(value).length > 0;

export const toSegmentEvent = (event: JsonObject): JsonObject => {
  const written = event['context'];
  const context: JsonObject = isJsonObject(written) ? written : {};
  const { traits } = context;
  const lacksTraits = event['type'] === 'identify' && !filled(event['traits']) && filled(traits);
  const ip = event['request_ip'];
  const lacksIp = typeof ip === 'string' && ip !== '' && (context['ip'] ?? null) === null;
  return {
    ...event,
    context: lacksIp ? { ...context, ip } : context,
    ...(lacksTraits ? { traits } : {}),
    timestamp: event['timestamp'] ?? event['originalTimestamp'] ?? event['receivedAt'] ?? null,
  };
};

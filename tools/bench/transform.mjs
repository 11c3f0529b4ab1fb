/** A trivial transform: it shows what it costs to have a transform, and adds no work of its own. */
export default (event) => ({ ...event, channel: 'bench' });

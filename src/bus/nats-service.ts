/**
 * The NATS services protocol (ADR-32 of nats-io/nats-architecture-and-design): what a service
 * answers on `$SRV.…`.
 */
import type { ServiceDescription } from '../seams/bus.js';

const verbs = ['PING', 'INFO', 'STATS'] as const;
export type ServiceVerb = (typeof verbs)[number];

/** Each verb for all services, for those of the name, and for this one. */
export function serviceSubjects(
  service: ServiceDescription,
): { readonly verb: ServiceVerb; readonly subject: string }[] {
  const { name, id } = service;
  return verbs.flatMap((verb) =>
    ['', `.${name}`, `.${name}.${id}`].map((whom) => ({ verb, subject: `$SRV.${verb}${whom}` })),
  );
}

/** To be sent as JSON. */
export function serviceAnswer(verb: ServiceVerb, service: ServiceDescription): object {
  const { name, id, version, metadata, description } = service;
  const identity = { name, id, version, metadata };
  if (verb === 'PING') return { type: 'io.nats.micro.v1.ping_response', ...identity };
  if (verb === 'INFO') {
    const endpoints = service
      .endpoints()
      .map(({ name, subject, queue }) => ({ name, subject, queue_group: queue, metadata: {} }));
    return { type: 'io.nats.micro.v1.info_response', ...identity, description, endpoints };
  }
  const started = new Date(service.startedAtMs).toISOString();
  const endpoints = service.endpoints().map(endpointStats);
  return { type: 'io.nats.micro.v1.stats_response', ...identity, started, endpoints };
}

function endpointStats(endpoint: ReturnType<ServiceDescription['endpoints']>[number]): object {
  const { name, subject, queue, requests, errors, lastError, processingMsTotal } = endpoint;
  const processingNs = Math.round(processingMsTotal * 1e6);
  return {
    name,
    subject,
    queue_group: queue,
    num_requests: requests,
    num_errors: errors,
    last_error: lastError,
    processing_time: processingNs,
    average_processing_time: requests === 0 ? 0 : Math.round(processingNs / requests),
  };
}

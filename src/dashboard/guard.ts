/**
 * Who may ask the server what. A browser asks on behalf of any page that is open in it: what comes
 * from a page of elsewhere names itself in `Origin`, and one whose name leads here (DNS rebinding)
 * in `Host`. So a request has to name this server, what it says of its origin has to be the same,
 * and what changes something brings a word that only the page of this process has.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { setCookie } from 'hono/cookie';
import { parse } from 'hono/utils/cookie';

export interface GuardOptions {
  /** As it was told where to listen. */
  readonly host: string;
  /** In the page; brought by all that changes something. */
  readonly pageToken: string;
  /** Whoever comes has to know it; undefined: it listens on loopback alone. */
  readonly token: string | undefined;
}

const loopback = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

export function isLoopback(host: string): boolean {
  return loopback.has(host);
}

const headers: Readonly<Record<string, string>> = {
  // Nothing in the document itself, nothing from elsewhere.
  'Content-Security-Policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'X-Frame-Options': 'DENY',
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** For a page that shows another site in a frame; that one's own rules hold in it. */
export function policyWithFrame(site: string): string {
  return `${headers['Content-Security-Policy']}; frame-src ${site}`;
}

/** For every request, before anything looks at it. */
export function guard(options: GuardOptions): MiddlewareHandler<{ Bindings: HttpBindings }> {
  return async (context, next) => {
    // On the response itself: they hold for what is written by hand as well.
    for (const [name, value] of Object.entries(headers))
      context.env.outgoing.setHeader(name, value);
    const { incoming } = context.env;
    const refused = refusal(incoming, options);
    if (refused !== undefined) return context.text(refused, 403);
    const { token } = options;
    const isEntrance = pathOf(incoming) === '/' && context.req.query('token') !== undefined;
    if (token !== undefined && (isEntrance || !knows(incoming, token)))
      return entering(context, token);
    await next();
    return undefined;
  };
}

/** For who wants to go on in another protocol: nothing is asked back. */
export function isLetIn(request: IncomingMessage, options: GuardOptions): boolean {
  const { token } = options;
  const isWelcome = request.method === 'GET' && refusal(request, options) === undefined;
  return isWelcome && (token === undefined || knows(request, token));
}

/** Why not; undefined: it may. */
function refusal(request: IncomingMessage, options: GuardOptions): string | undefined {
  const { method, headers: told } = request;
  const { host: own = '', origin } = told;
  if (!isOwnHost(own, options.host)) return 'not by this name';
  const isOwn = origin === `http://${own}` || origin === `https://${own}`;
  if (origin !== undefined && !isOwn) return 'not from here';
  if (method === 'GET' || method === 'HEAD') {
    // What a page of elsewhere embeds; to follow a link from there is no harm.
    const site = told['sec-fetch-site'] ?? 'none';
    const isNavigation = told['sec-fetch-mode'] === 'navigate' && pathOf(request) === '/';
    return site === 'none' || site === 'same-origin' || isNavigation ? undefined : 'not from here';
  }
  if (method !== 'POST') return 'nothing is done by that';
  if (!isOwn) return 'not from here';
  if (!isSame(String(told['x-quorate'] ?? ''), options.pageToken)) return 'not from this page';
  const type = told['content-type'] ?? '';
  return /^application\/json(?:;|$)/.test(type) ? undefined : 'not as JSON';
}

/** Of what was asked for, without the question behind it. */
export function pathOf({ url = '' }: IncomingMessage): string {
  return url.replace(/\?.*$/s, '');
}

/**
 * An address is no name that somebody could have lead here. The name of this machine is one that a
 * network may have given it: on loopback nobody needs it.
 */
function isOwnHost(header: string, host: string): boolean {
  const name = header
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (isIP(name) !== 0 || name === 'localhost') return true;
  if (name === host.toLowerCase()) return true;
  return !isLoopback(host) && name === hostname().toLowerCase();
}

function knows({ headers: told }: IncomingMessage, token: string): boolean {
  const { authorization = '', cookie = '', host = '' } = told;
  if (isSame(authorization.replace(/^Bearer /, ''), token)) return true;
  const name = cookieName(host);
  return isSame(parse(cookie, name)[name] ?? '', token);
}

/**
 * The token comes in the address once, and is kept where no script reads it. This answer is a page
 * of this server, which goes on to the next one by itself: a redirect would still come from where
 * the link stood, and a browser gives no such cookie along then. Without the link to an icon it
 * asks for one.
 */
function entering(context: Context, token: string): Response {
  const isRight = isSame(context.req.query('token') ?? '', token);
  if (context.req.method !== 'GET' || context.req.path !== '/' || !isRight)
    return context.text('The address of this page ends with its token: ?token=…', 401);
  const name = cookieName(context.req.header('Host') ?? '');
  setCookie(context, name, token, { httpOnly: true, sameSite: 'Strict', path: '/' });
  const page = '<!doctype html><link rel="icon" href="data:,"><title>Quorate</title>';
  return context.html(page, 200, { Refresh: '0; url=/' });
}

/** Cookies are the same for all ports of a host. */
function cookieName(host: string): string {
  const port = /:(\d+)$/.exec(host)?.[1] ?? '80';
  return `quorate-${port}`;
}

/** Takes as long whatever differs. */
function isSame(given: string, right: string): boolean {
  return timingSafeEqual(digest(given), digest(right));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

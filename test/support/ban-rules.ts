/** What may not be written, and where it may be all the same. */
import { codeOf, type Sources } from './source-files.js';

interface Ban {
  readonly what: string;
  readonly pattern: RegExp;
  /** Files and folders (prefixes) it applies to. */
  readonly within: readonly string[];
  /** Files and folders where it is somebody's job. */
  readonly except: readonly string[];
  /** Comments and strings count as well. */
  readonly everywhere?: boolean;
}

const product = ['actors/', 'src/'];
const all = ['actors/', 'src/', 'test/'];

const bans: readonly Ban[] = [
  {
    what: 'the wall clock',
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\s*\(\s*\)|(?<!new\s+|[.\w])Date\s*\(/,
    within: product,
    except: ['src/seams/real-clock.ts', 'src/dashboard/page/parts/browser.ts'],
  },
  {
    what: 'the monotonic clock',
    pattern: /\bperformance\s*\.|\bprocess\s*\.\s*hrtime\b|\bprocess\s*\.\s*uptime\b/,
    within: product,
    except: ['src/seams/real-clock.ts', 'src/dashboard/page/parts/browser.ts'],
  },
  {
    what: 'timers',
    pattern:
      /(?<![.\w])(?:globalThis\s*\.\s*)?set(?:Timeout|Interval|Immediate)\s*\((?![^()]*\)?\s*:)/,
    within: product,
    except: ['src/seams/real-clock.ts', 'src/dashboard/page/parts/browser.ts'],
  },
  {
    what: 'timers by import',
    pattern: /['"](?:node:)?timers(?:\/promises)?['"]/,
    within: product,
    except: ['src/seams/real-clock.ts', 'src/cli/'],
    everywhere: true,
  },
  {
    what: 'randomness that no seed governs',
    pattern:
      /\bMath\s*\.\s*random\b|\brandom(?:Bytes|UUID|Int|Fill|FillSync)\b|\bgetRandomValues\b/,
    within: [...product, 'test/simulation/', 'test/model/'],
    except: ['src/seams/real-random.ts'],
  },
  {
    what: 'the disk',
    pattern: /['"](?:node:)?fs(?:\/promises)?['"]/,
    within: product,
    except: [
      'src/package/',
      // Secrets and contexts that other programs share.
      'src/bus/nats-context.ts',
      'src/bus/nats-credentials.ts',
      'src/store/disk-',
      'src/node/data-directory.ts',
      'src/node/private-directory.ts',
      'src/cli/',
      'src/dashboard/',
    ],
    everywhere: true,
  },
  {
    what: 'sockets and processes',
    pattern: /['"](?:node:)?(?:net|tls|dgram|child_process|worker_threads|cluster)['"]/,
    within: product,
    except: ['src/cli/', 'src/bus/nats-transport.ts', 'src/dashboard/'],
    everywhere: true,
  },
  { what: '`any`', pattern: /(?::|<|\bas|[|&,=])\s*any\b(?!\s*[:(])/, within: all, except: [] },
  {
    what: 'a silenced compiler or linter',
    pattern: /@ts-(?:ignore|nocheck|expect-error)|(?:oxlint|eslint)-disable(?!-next-line)/,
    within: all,
    except: ['test/unit/bans.test.ts', 'test/support/ban-rules.ts'],
    everywhere: true,
  },
  {
    what: 'a promise to do it later',
    pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/,
    within: all,
    except: ['test/unit/bans.test.ts', 'test/support/ban-rules.ts'],
    everywhere: true,
  },
  {
    what: 'a test left out, or run alone',
    pattern:
      /\b(?:test|it|describe)\s*\.\s*(?:skip|only|todo|failing)\b|\b[xf](?:it|describe)\s*\(/,
    within: ['test/'],
    except: [],
  },
  {
    what: 'primaries by hand',
    pattern: /\.\s*primaries\s*\(/,
    within: product,
    except: ['actors/rules/placement.ts'],
  },
  {
    what: 'a preference list by hand',
    pattern: /\.\s*preferenceList\s*\(/,
    within: product,
    except: ['actors/rules/placement.ts', 'src/api/documents.ts', 'src/wire/ring-message.ts'],
  },
  {
    what: 'who is left of a removal, by hand',
    pattern: /\bremoved\s*\.\s*(?:has|size)\b/,
    within: ['actors/', 'src/coordinator/', 'src/replica/'],
    except: ['actors/rules/removal.ts'],
  },
  {
    what: 'a message between nodes that no codec built',
    pattern: /\bas(?:Request|Answer)\b/,
    within: product,
    except: ['src/wire/protocol/'],
  },
  {
    what: 'text as markup, or as a program',
    pattern:
      /\b(?:inner|outer)HTML\b|insertAdjacentHTML|dangerouslySetInnerHTML|\bsrcdoc\b|\bdocument\s*\.\s*write|\beval\s*\(|\bnew\s+Function\b/,
    within: ['src/dashboard/'],
    except: [],
  },
  {
    what: 'output from the inside',
    pattern: /\bconsole\s*\./,
    within: product,
    except: ['src/cli/'],
  },
];

const linesMax = 300;

export function banViolations(sources: Sources): string[] {
  const violations: string[] = [];
  for (const [path, text] of sources) {
    const code = codeOf(text);
    for (const { what, pattern, within, except, everywhere } of bans) {
      if (!startsWithOne(path, within) || startsWithOne(path, except)) continue;
      const lines = (everywhere === true ? text : code).split('\n');
      const index = lines.findIndex((line) => pattern.test(line));
      if (index >= 0) violations.push(`${path}:${index + 1} uses ${what}`);
    }
    const lines = code.split('\n').filter((line) => line.trim() !== '').length;
    if (startsWithOne(path, product) && lines > linesMax) {
      violations.push(`${path} has ${lines} lines of code, more than ${linesMax}`);
    }
  }
  return violations;
}

function startsWithOne(path: string, starts: readonly string[]): boolean {
  return starts.some((start) => path.startsWith(start));
}

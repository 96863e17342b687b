/** A style sheet that a file brings along; the bundler puts it into `page.css`. */
declare module '*.css';

/** V8 has it, others do without. */
interface ErrorConstructor {
  stackTraceLimit: number;
}

export function ReplayView() {
  return (
    <section class="stack" aria-labelledby="replay-view">
      <h2 id="replay-view">Replay</h2>
    </section>
  );
}

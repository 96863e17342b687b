export function ChartsView() {
  return (
    <section class="stack" aria-labelledby="charts-view">
      <h2 id="charts-view">Charts</h2>
    </section>
  );
}

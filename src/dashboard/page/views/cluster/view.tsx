export function ClusterView() {
  return (
    <section class="stack" aria-labelledby="cluster-view">
      <h2 id="cluster-view">Cluster</h2>
    </section>
  );
}

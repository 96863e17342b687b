export function RequestView() {
  return (
    <section class="stack" aria-labelledby="request-view">
      <h2 id="request-view">Request</h2>
    </section>
  );
}

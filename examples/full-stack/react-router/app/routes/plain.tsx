export default function Plain() {
  return <p>This page does not touch the session.</p>;
}

/** An XDP load balancer that a JVM service embeds. */
module dev.katran {
  // Configurations as JSON.
  requires com.fasterxml.jackson.core;

  // Immutable collections and address literals.
  requires com.google.common;

  // The compiled BPF programs and the layout of their maps.
  requires dev.katran.bpf;

  // libbpf, rtnetlink and network namespaces. Not transitive: no exported signature shows its
  // types, so that it can change without breaking applications.
  requires dev.katran.ffm;

  // Events of Java Flight Recorder.
  requires jdk.jfr;

  // Persistent maps, so that a change of one VIP does not copy all of them.
  requires org.pcollections;

  // Logging. The application chooses the implementation.
  requires org.slf4j;

  // Metrics, for applications that have Micrometer, and require it themselves.
  requires static micrometer.core;

  // Nullness annotations, which are not needed at run time.
  requires static org.jspecify;

  // The API: load balancer, VIPs, backends, counters and exceptions.
  exports dev.katran;

  // Hosts and a router in one JVM, for tests with real packets.
  exports dev.katran.lab;

  // Meters for Micrometer.
  exports dev.katran.metrics;

// Not exported: the control plane and the dataplanes in dev.katran.internal.
}

/** An XDP load balancer that lives inside a JVM service. */
module dev.katran {
  requires com.google.common;
  requires dev.katran.bpf;
  requires transitive dev.katran.ffm;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.katran;
  exports dev.katran.lab;
}

/**
 * libbpf and Linux networking for Java, through the Foreign Function and Memory API.
 *
 * <p>The module knows BPF and Linux, not load balancing. It calls C and needs {@code
 * --enable-native-access=dev.katran.ffm}.
 */
module dev.katran.ffm {
  requires org.slf4j;
  requires static transitive org.jspecify;

  // Objects, maps, programs, links and ring buffers: what an application needs to use BPF.
  exports dev.katran.ffm;

  // Namespaces, rtnetlink and ethtool. In a package of its own because it does not need libbpf.
  exports dev.katran.ffm.net;

// Not exported: the bindings that jextract generates, and the internal calls to them.
}

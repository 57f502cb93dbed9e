/** BPF for Java, through libbpf and the FFM API. */
module dev.katran.ffm {
  requires org.slf4j;
  requires static transitive org.jspecify;

  exports dev.katran.ffm;
  exports dev.katran.ffm.net;
}

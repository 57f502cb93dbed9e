/** The BPF programs as resources, and the Java view of the ABI they share with user space. */
@SuppressWarnings("module") // dev.katran is not there yet when this module is compiled
module dev.katran.bpf {
  requires static org.jspecify;

  exports dev.katran.bpf;
  exports dev.katran.bpf.generated to
      dev.katran;
}

package dev.katran.ffm;

/** Says which libbpf a process of its own loads, and that it works with it. */
final class LoadedLibbpf {

  private LoadedLibbpf() {}

  public static void main(String[] args) {
    try {
      String version = LibbpfLibrary.version();
      Lab.load().close();
      System.out.println(version);
    } catch (LibbpfUnavailableException e) {
      System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
    }
  }
}

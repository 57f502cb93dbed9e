package dev.katran.internal.recording;

import java.util.function.IntSupplier;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A program that is loaded into the kernel. */
@Name("dev.katran.ProgramLoad")
@Label("Program Load")
@Category("Katran")
@Description("The verification of a program that is specialised for features")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the flight recorder reads them
public final class ProgramLoadEvent extends Event {

  @Label("Features")
  private String features = "";

  @Label("Instructions")
  private int instructions;

  /** Begins the event. */
  public ProgramLoadEvent() {
    begin();
  }

  /** Ends the event. */
  public void loaded(Object forFeatures, IntSupplier size) {
    if (shouldCommit()) {
      features = forFeatures.toString();
      instructions = size.getAsInt();
      commit();
    }
  }
}

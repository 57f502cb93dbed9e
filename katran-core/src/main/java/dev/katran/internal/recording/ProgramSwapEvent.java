package dev.katran.internal.recording;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** A program that takes the place of another one. */
@Name("dev.katran.ProgramSwap")
@Label("Program Swap")
@Category("Katran")
@Description("The exchange of the attached program for one with other features")
@StackTrace(false)
@SuppressWarnings("UnusedVariable") // the flight recorder reads them
public final class ProgramSwapEvent extends Event {

  @Label("Features")
  private String features = "";

  /** Begins the event. */
  public ProgramSwapEvent() {
    begin();
  }

  /** Ends the event. */
  public void swapped(Object forFeatures) {
    if (shouldCommit()) {
      features = forFeatures.toString();
      commit();
    }
  }
}

/* All of tammes. */
#ifndef TAMMES_TAMMES_H
#define TAMMES_TAMMES_H

#include "tammes/analyze.h"
#include "tammes/align.h"
#include "tammes/bench.h"
#include "tammes/bootstrap.h"
#include "tammes/check.h"
#include "tammes/clustering.h"
#include "tammes/compare.h"
#include "tammes/ctx.h"
#include "tammes/data.h"
#include "tammes/drawing.h"
#include "tammes/eval.h"
#include "tammes/faces.h"
#include "tammes/head.h"
#include "tammes/inspect.h"
#include "tammes/loss.h"
#include "tammes/machine.h"
#include "tammes/model.h"
#include "tammes/net.h"
#include "tammes/openset.h"
#include "tammes/pack.h"
#include "tammes/pairs.h"
#include "tammes/plan.h"
#include "tammes/quality.h"
#include "tammes/report.h"
#include "tammes/retrieval.h"
#include "tammes/status.h"
#include "tammes/templates.h"
#include "tammes/train.h"

#endif

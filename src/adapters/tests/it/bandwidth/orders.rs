//! Reservations, orders and disconnects, each of which takes its time.

use super::books::{ACCOUNT, Order, PEER, Shared, errors, good, leaf, xml};
use crate::stand_in::{fields, lock};
use axum::{
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use quick_xml::escape::escape;

pub async fn reserve(State(books): State<Shared>, body: String) -> Response {
    let mut books = lock(&books);
    let number = leaf(&body, "ReservedTn").unwrap();
    let taken = books.reserved.values().any(|reserved| *reserved == number);
    if taken || !books.for_sale.contains(&number) {
        let words = format!("Reservation failed: telephone number {number} is not available.");
        let status = format!(
            "<ReservationResponse><ResponseStatus><ErrorCode>5041</ErrorCode><Description>{words}\
             </Description></ResponseStatus></ReservationResponse>"
        );
        return xml(StatusCode::BAD_REQUEST, &status);
    }
    let id = books.id("reservation");
    books.reserved.insert(id.clone(), number);
    let at = format!("https://dashboard.bandwidth.com/api/accounts/{ACCOUNT}/TnReservation/{id}");
    (StatusCode::CREATED, [(header::LOCATION, at)]).into_response()
}

pub async fn reservation(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    match lock(&books).reserved.get(&id) {
        Some(number) => good(&format!(
            "<ReservationResponse><Reservation><ReservationId>{id}</ReservationId>\
             <ReservationExpires>1492</ReservationExpires><ReservedTn>{number}</ReservedTn>\
             </Reservation></ReservationResponse>"
        )),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub async fn unreserve(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    match lock(&books).reserved.remove(&id) {
        Some(_) => good("<ReservationResponse/>"),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub fn shown(id: &str, order: &Order) -> String {
    let done = match order.state.as_str() {
        "COMPLETE" => format!(
            "<CompletedNumbers><TelephoneNumber><FullNumber>{}</FullNumber></TelephoneNumber>\
             </CompletedNumbers>",
            order.number
        ),
        "FAILED" => "<ErrorList><Error><Code>5005</Code><Description>The telephone number is \
                     unavailable for ordering</Description></Error></ErrorList>"
            .to_owned(),
        _ => String::new(),
    };
    format!(
        "<OrderResponse><CompletedQuantity>0</CompletedQuantity><Order><CustomerOrderId>{}\
         </CustomerOrderId><id>{id}</id><Name>{}</Name><PeerId>{PEER}</PeerId>\
         <ExistingTelephoneNumberOrderType><TelephoneNumberList><TelephoneNumber>{}\
         </TelephoneNumber></TelephoneNumberList></ExistingTelephoneNumberOrderType>\
         <SiteId>743</SiteId></Order><OrderStatus>{}</OrderStatus>{done}</OrderResponse>",
        order.key,
        escape(order.name.as_str()),
        order.number,
        order.state
    )
}

pub async fn buy(State(books): State<Shared>, body: String) -> Response {
    let mut books = lock(&books);
    books.posted.push(body.clone());
    if leaf(&body, "SiteId").as_deref() != Some("743") {
        return errors("OrderResponse", 5016, "The SiteId submitted is invalid.");
    }
    let number = leaf(&body, "TelephoneNumber").unwrap();
    let holder = books.reserved.iter().find(|(_, held)| **held == number).map(|(id, _)| id.clone());
    let ours = holder.is_none() || holder == leaf(&body, "ReservationId");
    let free = ours && books.for_sale.remove(&number);
    let state = match (free, books.word.clone()) {
        (false, _) => "FAILED".to_owned(),
        (true, None) => "RECEIVED".to_owned(),
        (true, Some(word)) => word,
    };
    let id = books.id("order");
    let order = Order {
        key: leaf(&body, "CustomerOrderId").unwrap(),
        name: leaf(&body, "Name").unwrap(),
        number,
        state,
        looks: books.slow,
    };
    let accepted = Order { state: "RECEIVED".to_owned(), ..order.clone() };
    books.orders.insert(id.clone(), order);
    xml(StatusCode::CREATED, &shown(&id, &accepted))
}

pub async fn orders(State(books): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let wanted = fields(&query.unwrap_or_default());
    let books = lock(&books);
    let list: Vec<_> = books
        .orders
        .iter()
        .filter(|(_, order)| order.key == wanted["customerOrderId"])
        .map(|(id, order)| {
            format!(
                "<OrderIdUserIdDate><CountOfTNs>1</CountOfTNs><orderId>{id}</orderId>\
                 <OrderStatus>{}</OrderStatus></OrderIdUserIdDate>",
                order.state
            )
        })
        .collect();
    let list = list.concat();
    good(&format!(
        "<ResponseSelectWrapper><ListOrderIdUserIdDate><TotalCount>1</TotalCount>{list}\
         </ListOrderIdUserIdDate></ResponseSelectWrapper>"
    ))
}

pub async fn order(State(books): State<Shared>, Path((_, id)): Path<(String, String)>) -> Response {
    match lock(&books).order(&id) {
        Some(order) => good(&shown(&id, &order)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub async fn rename(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
    body: String,
) -> Response {
    match lock(&books).orders.get_mut(&id) {
        Some(order) => {
            order.name = leaf(&body, "Name").unwrap();
            good("<OrderResponse/>")
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub async fn disconnect(State(books): State<Shared>, body: String) -> Response {
    let mut books = lock(&books);
    let number = leaf(&body, "TelephoneNumber").unwrap();
    if !books.owned.contains_key(&number) {
        let words = "Number does not belong to this account.";
        return errors("DisconnectTelephoneNumberOrderResponse", 5076, words);
    }
    let id = books.id("disconnect");
    let looks = books.slow_disconnects;
    if looks == 0 {
        books.disconnect(&number);
    }
    books.disconnects.insert(id.clone(), (number, looks));
    xml(StatusCode::CREATED, &disconnected(&id, "RECEIVED"))
}

pub fn disconnected(id: &str, state: &str) -> String {
    format!(
        "<DisconnectTelephoneNumberOrderResponse><orderRequest><id>{id}</id></orderRequest>\
         <OrderStatus>{state}</OrderStatus></DisconnectTelephoneNumberOrderResponse>"
    )
}

pub async fn disconnect_state(
    State(books): State<Shared>,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    let mut books = lock(&books);
    let (number, looks) = books.disconnects[&id].clone();
    if looks > 0 {
        books.disconnects.insert(id.clone(), (number, looks - 1));
        return good(&disconnected(&id, "TELEPORTING"));
    }
    books.disconnect(&number);
    good(&disconnected(&id, "COMPLETE"))
}
